import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine, as /proc tells of it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Whether this machine has what the campaign looks processes up in. */
export const hasProcessTable = process.platform === 'linux';

/** Every process but those that ended and wait for their parent to notice. */
export function processes(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => entryOf(Number(name)) ?? []);
}

/** The processes that `marker` stands in the command line or the environment of, this one aside. */
export function processesMarked(marker: string): ProcessEntry[] {
  return processes().filter(
    ({ pid, command }) =>
      pid !== process.pid && (command.includes(marker) || read(pid, 'environ').includes(marker)),
  );
}

/** The process that trains a fold for the worker with that number; undefined while it trains none. */
export function trainerOf(worker: number): number | undefined {
  return processes().find(({ parent, command }) => parent === worker && command.includes('trainer-child'))
    ?.pid;
}

function entryOf(pid: number): ProcessEntry | undefined {
  // After the name in parentheses, which may hold anything: the state, then the parent.
  const [state, parent] = read(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
  if (parent === undefined || state === 'Z') return undefined;
  return { pid, parent: Number(parent), command: read(pid, 'cmdline').replaceAll('\0', ' ') };
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile, or is another user's.
  }
}
