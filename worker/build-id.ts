import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Not part of what a worker runs. */
const apart = ['node_modules', 'dist', 'test', 'bench', 'examples', 'docs'];

/**
 * How a build calls itself where nobody names it: its version and a digest of all its code, so that two builds of
 * one version are two.
 *
 * @param root the folder of the code
 */
export async function buildIdOf(version: string, root = codeRoot()): Promise<string> {
  const hash = createHash('sha256');
  for (const path of (await codeBelow(root)).toSorted()) {
    hash.update(`${relative(root, path).split(sep).join('/')}\n`);
    hash.update(await readFile(path));
  }
  return `${version}-${hash.digest('hex').slice(0, 8)}`;
}

async function codeBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory())
        return entry.name.startsWith('.') || apart.includes(entry.name) ? [] : codeBelow(path);
      return /(?<!\.d)\.(?:ts|js|mjs|wasm)$/.test(entry.name) ? [path] : [];
    }),
  );
  return found.flat();
}

/** The folder that holds this one, of the sources or of what they were compiled to. */
function codeRoot(): string {
  return fileURLToPath(new URL('..', import.meta.url));
}
