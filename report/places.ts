import { schemeOf } from '../pipeline/location.js';
import type { RunResult } from './run-result.js';

/** The report may be passed on; where on a person's disk the data lay is nobody else's business. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** The name of a model of the hub, or that of a local model's folder. */
export function modelName(checkpoint: string): string {
  return isAbsolute(checkpoint) ? fileName(checkpoint) : checkpoint;
}

/** A message in which every path has become the name of its file. */
export function withoutFolders(message: string, { data, model, steps }: RunResult['configuration']): string {
  const members = Object.values(steps).flatMap(({ matrix }) => matrix?.['model.checkpoint'] ?? []);
  const named = [data.train, data.test, model.checkpoint, ...members].filter(
    (path): path is string => typeof path === 'string' && (isAbsolute(path) || schemeOf(path) !== null),
  );
  // The pipeline's own paths first: they may hold spaces, where another path is taken to end.
  const shortened = named.reduce((text, path) => text.replaceAll(path, fileName(path)), message);
  return shortened.replaceAll(anyPath, (path) => fileName(path));
}

/** Of this or of another system. */
export function isAbsolute(path: string): boolean {
  return /^(?:[\\/]|[A-Za-z]:[\\/])/.test(path);
}

/** An absolute path of two names or more; not the end of an address or of a relative path. */
const anyPath = /(?<![\p{L}\p{N}_.:/\\-])(?:[A-Za-z]:)?[\\/](?:[^\s\\/"'`]+[\\/])+[^\s\\/"'`:;,)]+/gu;
