import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reader } from './reader.js';
import { defects, type FuzzTarget, type Outcome, type Verdict } from './target.js';

export interface CampaignOptions {
  readonly seed: number;
  /** Inputs of each target: those from `first` on. */
  readonly inputs: number;
  /** Default 0. */
  readonly first?: number;
  /** Children that read side by side. */
  readonly jobs: number;
  /** Gets every input as `<target>/<index>.<ext>` and what became of them as `<target>/outcomes.ndjson`. */
  readonly out?: string;
}

/** What became of one target's inputs. */
export interface Summary {
  readonly target: string;
  readonly reads: string;
  readonly inputs: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly slowestMs: number;
  /** Those that are defects. */
  readonly found: readonly Outcome[];
}

/** After so many defects a target has said enough. */
const mostFound = 50;

/** Has a target's inputs read, each in a child process. */
export async function campaign(target: FuzzTarget, options: CampaignOptions): Promise<Summary> {
  const { seed, inputs, first = 0, jobs, out } = options;
  const scratch = mkdtempSync(join(tmpdir(), 'foldwise-fuzz-'));
  const keep = out === undefined ? null : join(out, target.name);
  if (keep !== null) mkdirSync(keep, { recursive: true });
  const outcomes: Outcome[] = [];
  let next = first;
  const readOn = async (lane: number): Promise<void> => {
    const reader = new Reader(join(scratch, String(lane)));
    while (next < first + inputs && outcomes.filter(isDefect).length < mostFound) {
      const outcome = await reader.read(target, { seed, index: next++, keep });
      outcomes.push(outcome);
      if (keep !== null) appendFileSync(join(keep, 'outcomes.ndjson'), `${JSON.stringify(outcome)}\n`);
    }
    reader.close();
  };
  await Promise.all(Array.from({ length: Math.min(jobs, inputs) }, (_, lane) => readOn(lane)));
  rmSync(scratch, { recursive: true, force: true });
  return summarise(target, outcomes);
}

function summarise({ name, reads }: FuzzTarget, outcomes: readonly Outcome[]): Summary {
  const count = (verdict: Verdict): number =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  return {
    target: name,
    reads,
    inputs: outcomes.length,
    verdicts: {
      accepted: count('accepted'),
      refused: count('refused'),
      crash: count('crash'),
      hang: count('hang'),
      memory: count('memory'),
    },
    slowestMs: Math.max(0, ...outcomes.map(({ ms }) => ms)),
    found: outcomes.filter(isDefect).sort((a, b) => a.index - b.index),
  };
}

function isDefect({ verdict }: Outcome): boolean {
  return defects.includes(verdict);
}
