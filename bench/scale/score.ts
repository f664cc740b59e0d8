import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ScoreScale {
  readonly rows: number;
  /** How often the scoring was killed on its way. */
  readonly kills: number;
  readonly chunks: number;
  /** Chunks that the last attempt found done. */
  readonly reused: number;
  /** Of the scoring, all attempts together; of `predict` on the same rows. */
  readonly seconds: number;
  readonly predictSeconds: number;
  /** The most that all processes of the scoring had in memory at one time, the server's aside. */
  readonly bytes: number;
  /** Whether both wrote the same bytes. */
  readonly same: boolean;
}

const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/**
 * Scores a table by a tiny model, killed with all its processes again and again and started anew, and holds
 * what it wrote against `predict`.
 */
export async function measureScoring(rows: number, kills: number): Promise<ScoreScale> {
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-scale-score-'));
  try {
    await writeProject(folder);
    await finished(start(folder, 'run', 'pipeline.yaml'));
    await writeTable(join(folder, 'new.csv'), rows);
    const memory = new Memory();
    const begun = performance.now();
    for (let kill = 0; kill < kills; kill++) await killed(folder, memory);
    const scoring = start(folder, 'score', 'latest', 'new.csv', '--json');
    const out = await memory.watching(scoring, () => finished(scoring));
    const seconds = (performance.now() - begun) / 1000;
    const told = JSON.parse(out) as { directory: string; chunks: { all: number; reused: number } };
    const predicting = performance.now();
    await finished(start(folder, 'predict', 'latest', 'new.csv', '--output', 'predicted.csv'));
    return {
      rows,
      kills,
      chunks: told.chunks.all,
      reused: told.chunks.reused,
      seconds,
      predictSeconds: (performance.now() - predicting) / 1000,
      bytes: memory.most,
      same:
        (await digest(join(told.directory, 'scores.csv'))) === (await digest(join(folder, 'predicted.csv'))),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Kills a scoring and its children once it works: a little later each time, wherever it is. */
async function killed(folder: string, memory: Memory): Promise<void> {
  const scoring = start(folder, 'score', 'latest', 'new.csv');
  await memory.watching(scoring, async () => {
    await said(scoring, /scoring: /);
    await delay(1_000 + 4_000 * Math.random());
    for (const pid of familyOf(scoring.pid!)) kill(pid);
    if (scoring.exitCode === null && scoring.signalCode === null) await once(scoring, 'exit');
  });
}

function start(folder: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function finished(child: ChildProcess): Promise<string> {
  let [out, err] = ['', ''];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err = (err + text).slice(-4_000)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.slice(2).join(' ')} ended with ${code}: ${err}`);
  return out;
}

function said(child: ChildProcess, words: RegExp): Promise<void> {
  return new Promise((resolve) => {
    let out = '';
    child.once('exit', () => resolve());
    child.stderr!.resume();
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (words.test(out)) resolve();
    });
  });
}

/** The most memory that a process and its children have at one time, looked at again and again. */
class Memory {
  most = 0;

  async watching<T>(child: ChildProcess, work: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => {
      const family = familyOf(child.pid!).filter((pid) => !read(pid, 'cmdline').includes('start-dev'));
      const bytes = family.reduce((sum, pid) => sum + residentBytes(pid), 0);
      this.most = Math.max(this.most, bytes);
    }, 200);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }
}

/** A process and all that come from it. */
function familyOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(read(Number(name), 'stat').split(') ').at(-1)?.split(' ')[1]);
    parents.set(Number(name), parent);
  }
  const family = [root];
  for (const pid of family) {
    for (const [child, parent] of parents) if (parent === pid) family.push(child);
  }
  return family;
}

function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(pid, 'status'))?.[1];
  return kilobytes === undefined ? 0 : 1024 * Number(kilobytes);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function writeProject(folder: string): Promise<void> {
  const row = (index: number): string => {
    const [joy, fear] = [index % 2, index % 3 === 0 ? 1 : 0];
    return `r${index},${textOf(index)},${joy},${fear}\n`;
  };
  const rows = Array.from({ length: 200 }, (_, index) => row(index));
  await writeFile(join(folder, 'train.csv'), `id,text,joy,fear\n${rows.join('')}`);
  const model = { type: 'bert', hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8, vocabulary: 60 };
  const pipeline = {
    name: 'scale',
    labels: ['joy', 'fear'],
    data: { train: 'train.csv' },
    folds: { count: 2 },
    model: { scratch: model, maxLength: 16 },
    training: { epochs: 1, batchSize: 16 },
    steps: {
      data: { run: 'prepareData' },
      fold: { run: 'trainFold', needs: ['data'], matrix: { fold: 'all' } },
      oof: { run: 'aggregateOof', needs: ['data', 'fold'] },
      thresholds: { run: 'tuneThresholds', needs: ['oof'] },
      report: { run: 'writeReport', needs: ['data', 'fold', 'oof', 'thresholds'] },
    },
  };
  // JSON is YAML.
  await writeFile(join(folder, 'pipeline.yaml'), JSON.stringify(pipeline));
}

async function writeTable(path: string, rows: number): Promise<void> {
  const file = createWriteStream(path);
  file.write('id,text\n');
  for (let row = 0; row < rows; row += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, rows - row) }, (_, index) => {
      return `n${row + index},${textOf(row + index)}\n`;
    });
    if (!file.write(lines.join(''))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

function textOf(index: number): string {
  return `${index % 2 === 0 ? 'grey' : 'glad'} ${index % 3 === 0 ? 'dread' : 'calm'} day ${index % 97}`;
}
