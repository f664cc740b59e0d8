import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Fault } from '../../errors/fault.js';
import { AnsweringProcess } from '../answering-process.js';
import { sideCommand, sideNames, type SideName, type SideRequest } from './sides.js';

/** Threads of a library spin for a moment after their work: ms to let them fall asleep. */
const SETTLE = 50;

const answers = {
  ready: z.object({ ready: z.literal(true), version: z.string().optional() }),
  scored: z.object({ seconds: z.number(), probabilities: z.array(z.number()) }),
  peak: z.object({ peakBytes: z.number() }),
};

export interface SideMeasurement {
  readonly version: string | null;
  /** Of each chunk of texts, in their order. */
  readonly seconds: readonly number[];
  /** Of single texts. */
  readonly latencies: readonly number[];
  readonly peakBytes: number;
  /** The largest difference of a probability from ours. */
  readonly difference: number;
}

export type Measurement = Readonly<Partial<Record<SideName, SideMeasurement | { readonly missing: string }>>>;

export interface Work extends SideRequest {
  /** Texts that are asked for together, and how often. */
  readonly chunk: number;
  readonly chunks: number;
  /** Texts that are asked for one by one. */
  readonly singles: number;
  readonly only: readonly SideName[];
  readonly progress: (line: string) => void;
}

interface OpenSide {
  readonly name: SideName;
  readonly process: AnsweringProcess;
  readonly version: string | null;
  readonly seconds: number[];
  readonly latencies: number[];
  difference: number;
}

/** Scores the same texts on every side in turns: whatever else the machine does meets all of them. */
export async function compare(work: Work): Promise<Measurement> {
  const open: OpenSide[] = [];
  const missing: Partial<Record<SideName, { missing: string }>> = {};
  try {
    for (const name of sideNames.filter((name) => work.only.includes(name))) {
      const started = await start(name, work);
      if ('missing' in started) missing[name] = started;
      else open.push(started);
    }
    for (let chunk = 0; chunk < work.chunks; chunk++) {
      await turn(open, chunk * work.chunk, (chunk + 1) * work.chunk, (side) => side.seconds);
      const told = open.map(({ name, seconds }) => `${name} ${seconds[chunk]!.toFixed(2)} s`);
      work.progress(`${work.chunk} texts, ${chunk + 1} of ${work.chunks}: ${told.join(', ')}`);
    }
    for (let text = 0; text < work.singles; text++)
      await turn(open, text, text + 1, (side) => side.latencies);
    const measured: Partial<Record<SideName, SideMeasurement>> = {};
    for (const { name, process, ...side } of open)
      measured[name] = { ...side, ...(await process.ask('peak', answers.peak)) };
    return { ...measured, ...missing };
  } finally {
    await Promise.all(open.map(({ process }) => process.close()));
  }
}

async function start(name: SideName, work: Work): Promise<OpenSide | { readonly missing: string }> {
  const found = sideCommand(name, work);
  if ('missing' in found) return found;
  work.progress(`starting ${name}`);
  const { command, args, cwd } = found;
  const process = new AnsweringProcess(name, command, args, cwd === undefined ? {} : { cwd });
  try {
    const { version = null } = await process.answer(answers.ready);
    return { name, process, version, seconds: [], latencies: [], difference: 0 };
  } catch (fault) {
    await process.close();
    // Our own must start.
    if (name === 'ours' || !(fault instanceof Fault)) throw fault;
    return { missing: fault.message.trim().split('\n').slice(-2).join(' ') };
  }
}

async function turn(
  open: readonly OpenSide[],
  first: number,
  end: number,
  of: (side: OpenSide) => number[],
): Promise<void> {
  let ours: readonly number[] | undefined;
  for (const side of open) {
    await sleep(SETTLE);
    const { seconds, probabilities } = await side.process.ask(`score ${first} ${end}`, answers.scored);
    of(side).push(seconds);
    ours ??= probabilities;
    for (const [i, value] of probabilities.entries())
      side.difference = Math.max(side.difference, Math.abs(value - (ours[i] ?? NaN)));
  }
}
