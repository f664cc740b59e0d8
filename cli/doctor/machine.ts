import { cpus } from 'node:os';
import { statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { thisMachine } from '../../worker/machine.js';
import type { Check } from './check.js';

/** The oldest Node.js that is supported. */
const oldestNode = 20;

const lowMemory = 2;
const lowDisk = 5;

/** Node.js, processor and memory: what this process may use of them. */
export function machineChecks(machine = thisMachine()): Check[] {
  const major = Number(process.versions.node.split('.')[0]);
  const memory = gibibytes(machine.freeBytes);
  const allowed = machine.limited ? ', as much as the container allows' : '';
  return [
    {
      name: 'Node.js',
      found: process.versions.node,
      ...(major < oldestNode
        ? { state: 'missing', remedy: `Install Node.js ${oldestNode} or later.` }
        : { state: 'fine' }),
    },
    { name: 'platform', state: 'fine', found: `${process.platform} ${process.arch}` },
    {
      name: 'threads',
      state: 'fine',
      found: `${machine.processors} (${cpus()[0]?.model.trim() ?? 'unknown'})${allowed}`,
    },
    {
      name: 'memory',
      found: `${memory.toFixed(1)} GiB free of ${gibibytes(machine.bytes).toFixed(1)}${allowed}`,
      ...(memory < lowMemory
        ? { state: 'note', remedy: `A small model wants ${lowMemory} GiB, DeBERTa-v3-base about 8.` }
        : { state: 'fine' }),
    },
  ];
}

/** Free space where runs are written. */
export async function diskCheck(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(existingFolder(folder));
  const free = gibibytes(bavail * bsize);
  return {
    name: 'disk',
    found: `${free.toFixed(1)} GiB free at ${folder}`,
    ...(free < lowDisk
      ? { state: 'note', remedy: 'Models, checkpoints and artifacts need room: free some, or set --workdir.' }
      : { state: 'fine' }),
  };
}

/** The folder, or the nearest one above it that is there. */
function existingFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existingFolder(dirname(folder));
}

function gibibytes(bytes: number): number {
  return bytes / 2 ** 30;
}
