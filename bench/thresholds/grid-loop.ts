import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { tuneThresholds } from '../../metrics/thresholds.js';
import { root } from '../root.js';
import type { MadeRows } from './made-rows.js';

const script = join(root, 'bench/thresholds/grid_loop.py');
const ready = z.object({ sklearn: z.string() });
const answer = z.object({ seconds: z.number(), thresholds: z.array(z.number()) });

/** Seconds of both searches for the same thresholds, a pair for each turn. */
export interface PairedSearch {
  readonly rows: number;
  readonly labels: number;
  readonly sklearn: string;
  readonly pairs: readonly { readonly ours: number; readonly theirs: number }[];
  /** How many times as long theirs took, in the middle of the pairs. */
  readonly faster: number;
}

/** Why there is no other side. */
export interface NoOther {
  readonly missing: string;
}

/** Searches the grid in turns: ours, and the loop over scikit-learn's F1 in a process of its own. */
export async function pairedSearch(
  made: MadeRows,
  python: string,
  turns: number,
): Promise<PairedSearch | NoOther> {
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-thresholds-'));
  const { rows, labels, probabilities, truth } = made;
  try {
    await writeFile(join(folder, 'probabilities'), new Uint8Array(probabilities.buffer));
    await writeFile(join(folder, 'truth'), truth);
    const child = spawn(python, [script, folder, String(rows), String(labels)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    child.stdin.on('error', () => undefined);
    let complaint = '';
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (complaint = (complaint + text).slice(-500)));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => {
      const line = await lines.next();
      return line.done === true ? null : JSON.parse(line.value);
    };
    try {
      const first = ready.safeParse(await next());
      if (!first.success) return { missing: complaint.trim().split('\n').at(-1) || (await ended) };
      const pairs: { ours: number; theirs: number }[] = [];
      for (let turn = 0; turn < turns; turn++) {
        const started = performance.now();
        const tuned = tuneThresholds(probabilities, truth, labels);
        const ours = (performance.now() - started) / 1000;
        child.stdin.write('search\n');
        const { seconds, thresholds } = answer.parse(await next());
        if (tuned.some(({ threshold }, label) => Math.abs(threshold - thresholds[label]!) > 1e-9))
          throw new Error('both searches found other thresholds');
        pairs.push({ ours, theirs: seconds });
      }
      const ratios = pairs.map(({ ours, theirs }) => theirs / ours).sort((a, b) => a - b);
      return { rows, labels, sklearn: first.data.sklearn, pairs, faster: ratios[Math.floor(turns / 2)]! };
    } finally {
      child.stdin.end();
      await ended;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
