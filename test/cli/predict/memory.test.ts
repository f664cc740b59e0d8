import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SmallRun } from '../../setup/small-run.js';
import { canRun, withoutRuns } from '../built-command-line.js';
import type { SmallProject } from '../small-project.js';

/** FOLDWISE_PREDICT_ROWS=1000000 is the full measure; it takes minutes. */
const rows = Number(process.env['FOLDWISE_PREDICT_ROWS'] ?? 50_000);
const mostBytes = rows > 500_000 ? 2 ** 30 : 0.7 * 2 ** 30;

/**
 * Memory of a process and all below it. What several share is divided among them: of a child that has been forked
 * and is not yet another program, all of its parent's would count twice.
 */
function residentBytes(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const parent = /^PPid:\s+(\d+)$/m.exec(factsOf(Number(name), 'status'))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const below = (each: number): boolean => each === pid || (parents.has(each) && below(parents.get(each)!));
  return [...parents.keys()]
    .filter(below)
    .map((each) => 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(factsOf(each, 'smaps_rollup'))?.[1] ?? 0))
    .reduce((sum, bytes) => sum + bytes, 0);
}

function factsOf(pid: number, file: 'status' | 'smaps_rollup'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

const possible = canRun && existsSync('/proc/self/smaps_rollup');

describe.skipIf(!possible)(`memory of predict${withoutRuns}`, { timeout: 3_600_000 }, () => {
  let project: SmallProject;
  let run: string;

  beforeAll(async () => {
    ({ project, id: run } = await SmallRun.shared());
  }, 300_000);
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it(`stays within bounds over ${rows} lines, of which none is lost or moved`, async () => {
    const table = join(project.folder, 'texts.jsonl');
    const file = createWriteStream(table);
    for (let row = 0; row < rows; row++)
      if (!file.write(`{"id":${row},"text":"glad calm words ${row}"}\n`)) await once(file, 'drain');
    await once(file.end(), 'finish');
    const target = join(project.folder, 'labels.jsonl');
    const args = ['predict', run, table, '--probabilities', '--output', target, '--workdir', project.workdir];
    const began = performance.now();
    const child = spawn(process.execPath, [join(process.cwd(), 'dist/cli/main.js'), ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    let most = 0;
    const look = setInterval(() => (most = Math.max(most, residentBytes(child.pid!))), 200);
    const [code] = (await once(child, 'close')) as [number | null];
    clearInterval(look);
    const seconds = (performance.now() - began) / 1000;
    console.log(`${rows} rows: ${(most / 2 ** 20).toFixed(0)} MiB at most, ${seconds.toFixed(0)} s`);
    expect(code).toBe(0);
    expect(most).toBeGreaterThan(50 * 2 ** 20);
    expect(most).toBeLessThan(mostBytes);
    let row = 0;
    for await (const line of createInterface(createReadStream(target)))
      if (!line.startsWith(`{"id":${row++},"labels":[`)) throw new Error(`row ${row} is another one`);
    expect(row).toBe(rows);
  });
});
