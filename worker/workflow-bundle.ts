import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failureConverterPath } from '../payloads/data-converter.js';
import { makeFolder, writeDurably } from '../store/durable-file.js';

/** The workflow code as Temporal's sandbox takes it. */
export interface WorkflowBundle {
  readonly code: string;
}

/** What a bundle is made for: it holds what converts its failures. */
export type BundleKind = 'plain' | 'encrypted';

const fromSources = import.meta.url.endsWith('.ts');
/** With its last separator. */
const packageFolder = fileURLToPath(new URL(fromSources ? '../' : '../../', import.meta.url));

/** The module whose exports are the workflow types. */
const workflowsPath = fileURLToPath(
  new URL(`../workflows/index.${fromSources ? 'ts' : 'js'}`, import.meta.url),
);

/** Where a build keeps its bundles, so that no worker has to make them. */
export const builtBundles = fileURLToPath(new URL('../workflows/bundles', import.meta.url));

/** By where they would be kept. Made once per process: that takes a second or two. */
const made = new Map<string, Promise<WorkflowBundle>>();

/** @param folder of bundles that were made before; of one that is not there it is made */
export function workflowBundle(kind: BundleKind, folder = builtBundles): Promise<WorkflowBundle> {
  const path = bundleFile(kind, folder);
  const bundle =
    made.get(path) ??
    (existsSync(path) ? Promise.resolve({ code: readFileSync(path, 'utf8') }) : makeBundle(kind));
  made.set(path, bundle);
  return bundle;
}

/** Makes the bundles of these kinds and keeps them in a folder. */
export async function writeBundles(folder: string, kinds: readonly BundleKind[]): Promise<void> {
  await makeFolder(folder);
  for (const kind of kinds) await writeDurably(bundleFile(kind, folder), (await makeBundle(kind)).code);
}

export function bundleFile(kind: BundleKind, folder: string): string {
  return join(folder, `${kind}.js`);
}

async function makeBundle(kind: BundleKind): Promise<WorkflowBundle> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    logger: new DefaultLogger('ERROR'),
    ...(kind === 'plain' ? {} : { failureConverterPath }),
  });
  return { code: withoutFolders(code) };
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: unknown;
}

/**
 * Code whose source map names its sources relative to the package, without their text: the same sources are
 * the same code wherever they lie, and so is the build id of their workers.
 */
function withoutFolders(code: string): string {
  const mark = ';base64,';
  const start = code.lastIndexOf(mark) + mark.length;
  const map = JSON.parse(Buffer.from(code.slice(start), 'base64').toString()) as SourceMap;
  const sources = map.sources.map((source) => source.replace(packageFolder, '').replaceAll('\\', '/'));
  const bare = { ...map, sources, sourcesContent: undefined };
  return code.slice(0, start) + Buffer.from(JSON.stringify(bare)).toString('base64');
}
