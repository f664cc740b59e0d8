import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AcceptedRuns } from '../activities/admission.js';
import type { Services } from '../activities/services.js';
import { engineSignature, ENGINE_VERSION } from '../engine/training/signature.js';
import { CheckpointShelf } from '../store/checkpoints.js';
import { FolderStore } from '../store/folder-store.js';
import { KeyIndex } from '../store/keys.js';
import { PatientStore } from '../store/patient-store.js';
import type { OutputListener } from './child-process.js';
import { EngineProcess } from './engine-process.js';
import { thisMachine } from './machine.js';
import { sharesOf } from './shares.js';
import { TablesProcess } from './tables-process.js';
import { TrainerProcess } from './trainer-process.js';

export interface ServicesOptions {
  /** Everything that a run writes goes below it. */
  readonly workdir: string;
  /** Folders that runs may read; null trusts whoever starts them. Default: the workdir and the current folder. */
  readonly roots?: readonly string[] | null;
  /** Intra-op threads per fold. Default: the processors divided by the slots. */
  readonly threads?: number;
  /** Folds trained at once. Default: as the machine allows (see `sharesOf`). */
  readonly slots?: number;
  /** The runs that are worked for. Default: everybody's. */
  readonly accepts?: AcceptedRuns;
  readonly searchAttributes: boolean;
  /** Whether payloads are. Default false. */
  readonly encrypted?: boolean;
  /** Told each line that child processes print, and how downloads go; by default that goes to stderr. */
  readonly onOutput?: OutputListener;
}

/** The state of one workdir: artifacts, keys and checkpoints, as every command finds them. */
export function openState(
  workdir: string,
): Pick<Services, 'store' | 'keys' | 'checkpoints' | 'runsDirectory' | 'scoresDirectory' | 'scratch'> {
  const state = join(workdir, '.foldwise');
  const store = new PatientStore(new FolderStore(join(state, 'store')));
  return {
    store,
    keys: new KeyIndex(join(state, 'keys'), store),
    checkpoints: new CheckpointShelf(join(state, 'checkpoints')),
    runsDirectory: join(workdir, 'runs'),
    scoresDirectory: join(workdir, 'scores'),
    scratch: join(state, 'scratch'),
  };
}

/** What a worker's activities work with: folders of the workdir, and the engine in child processes. */
export function createServices(options: ServicesOptions): Services {
  const { workdir, roots = [workdir, process.cwd()], searchAttributes, onOutput } = options;
  const versions = componentVersions();
  const print = onOutput ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const engine = openEngine(workdir, print, print);
  return {
    ...openState(workdir),
    trainer: new TrainerProcess({ script: script('trainer-child'), onOutput }),
    predictor: engine,
    models: engine,
    tables: new TablesProcess(script('tables-child'), onOutput),
    ...sharesOf(options),
    machineBytes: thisMachine().bytes,
    device: 'cpu',
    engineSignature: (threads) => engineSignature(versions.onnxruntime, threads),
    versions,
    roots,
    accepts: options.accepts ?? null,
    searchAttributes,
    encrypted: options.encrypted ?? false,
  };
}

/** The engine's child process, for one answer at a time. */
export function openEngine(
  workdir: string,
  onLine?: OutputListener,
  onOutput?: OutputListener,
): EngineProcess {
  return new EngineProcess(script('engine-child'), join(workdir, '.foldwise'), onLine, onOutput);
}

function componentVersions(): { foldwise: string; node: string; engine: string; onnxruntime: string } {
  const require = createRequire(import.meta.url);
  return {
    foldwise: packageVersion(),
    node: process.versions.node,
    engine: ENGINE_VERSION,
    onnxruntime: versionOf(require.resolve('onnxruntime-node/package.json')),
  };
}

/** foldwise's own version. */
export function packageVersion(): string {
  return versionOf(packageFile());
}

function versionOf(path: string): string {
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Our package.json: two folders up from dist/worker, one from the source. */
function packageFile(): string {
  const above = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json';
  return fileURLToPath(new URL(above, import.meta.url));
}

function script(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}
