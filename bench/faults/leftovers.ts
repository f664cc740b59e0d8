import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processesMarked } from './process-table.js';

/** A child that lost its parent sees it within two seconds. */
const patienceMs = 5_000;

/** What a finished campaign must not leave in a workdir, nor running; a sentence for each thing found. */
export async function leftovers(workdir: string): Promise<string[]> {
  return [...(await processesLeft(workdir)), ...checkpointsLeft(workdir), ...temporaryFilesLeft(workdir)];
}

async function processesLeft(workdir: string): Promise<string[]> {
  const deadline = performance.now() + patienceMs;
  while (processesMarked(workdir).length > 0 && performance.now() < deadline) await delay(100);
  return processesMarked(workdir).map(({ pid, command }) => `process ${pid} is left: ${command}`);
}

function checkpointsLeft(workdir: string): string[] {
  return filesBelow(join(workdir, '.foldwise', 'checkpoints')).map((path) => `a checkpoint is left: ${path}`);
}

function temporaryFilesLeft(workdir: string): string[] {
  return ['.foldwise', 'runs']
    .flatMap((folder) => filesBelow(join(workdir, folder)))
    .filter((path) => path.endsWith('.tmp'))
    .map((path) => `a temporary file is left: ${path}`);
}

/** Folders included. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}
