import type { GlobalOptions } from '../options.js';

/** The option that names the workdir to another command, as it was given to this one. */
export function placeOption({ workdir }: GlobalOptions): string {
  return workdir === undefined ? '' : ` --workdir ${quoted(workdir)}`;
}

/** How to decide what a run waits for, a line each. */
export function decisionWays(run: string, options: GlobalOptions): string[] {
  const place = placeOption(options);
  return [
    `Try again, once the cause is mended, with: foldwise retry ${quoted(run)}${place}`,
    `Or go on without a fold: foldwise skip ${quoted(run)} --fold N${place}`,
  ];
}

/** As a shell takes it, in quotes only where it needs them. */
export function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
