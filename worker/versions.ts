import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ENGINE_VERSION } from '../engine/training/signature.js';

/** What a run's results name as what made them. */
export function componentVersions(): { foldwise: string; node: string; engine: string; onnxruntime: string } {
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
