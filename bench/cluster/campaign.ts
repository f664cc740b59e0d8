import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Dice } from '../dice.js';
import { FaultOrder } from '../fault-order.js';
import type { Digests } from '../faults/outcome.js';
import type { Cluster } from './cluster.js';
import { weightsFor, type Fault, type FaultKind } from './fault.js';
import { runOn, type ClusterRun } from './run.js';
import { stalledSeconds, violationsOf } from './verdict.js';

export interface CampaignOptions {
  readonly pipeline: Pipeline;
  /** What the pipeline gives undisturbed, on one machine. */
  readonly expected: Digests;
  readonly dice: Dice;
  /** Faults, over as many runs as they take. */
  readonly faults: number;
  /** Default: all that the cluster can have. */
  readonly kinds?: readonly FaultKind[];
  /** Mean seconds between two. */
  readonly pause: number;
  readonly onMessage: (message: string) => void;
}

/** What one kind of fault cost. */
export interface Cost {
  readonly count: number;
  /** Until every fold that was met went on. */
  readonly stalledSeconds: { readonly mean: number; readonly most: number };
}

/** What the cluster went through. */
export interface Summary {
  readonly faultCount: number;
  readonly runs: number;
  readonly files: number;
  readonly seconds: { readonly undisturbed: number; readonly disturbed: number };
  readonly costs: Readonly<Partial<Record<FaultKind, Cost>>>;
  /** Runs under which the store was emptied: what they had made is lost, and nothing that they gave may be wrong. */
  readonly lostWithStore: number;
  /** A sentence for each thing that is not as it must be. */
  readonly violations: readonly string[];
}

/** An undisturbed run on the cluster, then disturbed ones until there were enough faults. */
export async function campaign(cluster: Cluster, options: CampaignOptions): Promise<Summary> {
  const { pipeline, expected, dice, faults, kinds, pause, onMessage } = options;
  onMessage('the undisturbed run');
  const undisturbed = await runOn(cluster, pipeline);
  const order = new FaultOrder<FaultKind>(dice, weightsFor(cluster, kinds));
  const disturbed = { ...pipeline, training: { ...pipeline.training, checkpointEvery: 1 } };
  const runs: ClusterRun[] = [];
  for (let left = faults; left > 0;) {
    onMessage(`disturbed run ${runs.length + 1}, ${left} faults to go`);
    const onFault = ({ kind, host }: Fault): void => onMessage(`${kind}: ${host}`);
    const run = await runOn(cluster, disturbed, { dice, order, most: left, pause, onFault });
    for (const violation of verdictOn(run, expected)) onMessage(`NOT AS IT MUST BE: ${violation}`);
    runs.push(run);
    left -= run.faults.length;
  }
  const struck = runs.flatMap((run) =>
    run.faults.map((fault) => ({ fault, stalled: stalledSeconds(run.events, fault.at) })),
  );
  const kindsMet = [...new Set(struck.map(({ fault }) => fault.kind))];
  return {
    faultCount: struck.length,
    runs: runs.length,
    files: Object.keys(expected).length,
    seconds: {
      undisturbed: undisturbed.seconds,
      disturbed: runs.reduce((sum, { seconds }) => sum + seconds, 0),
    },
    costs: Object.fromEntries(
      kindsMet.map((kind) => [
        kind,
        costOf(struck.filter(({ fault }) => fault.kind === kind).map(({ stalled }) => stalled)),
      ]),
    ),
    lostWithStore: runs.filter((run) => lostItsStore(run)).length,
    violations: [undisturbed, ...runs].flatMap((run, index) =>
      verdictOn(run, expected).map(
        (sentence) => `${index === 0 ? 'the undisturbed run' : `disturbed run ${index}`}: ${sentence}`,
      ),
    ),
  };
}

/**
 * A run whose store was emptied may end and say so, or complete with what it still had; what it wrote before is
 * gone. It may give nothing that is wrong.
 */
export function verdictOn(run: ClusterRun, expected: Digests): string[] {
  if (!lostItsStore(run)) return violationsOf(expected, run);
  const wrong = Object.entries(run.digests ?? {}).filter(([file, digest]) => expected[file] !== digest);
  return wrong.map(([file]) => `${file} is wrong`);
}

function lostItsStore({ faults }: ClusterRun): boolean {
  return faults.some(({ kind }) => kind === 'store emptied');
}

function costOf(stalls: readonly number[]): Cost {
  const mean = stalls.reduce((sum, seconds) => sum + seconds, 0) / stalls.length;
  return { count: stalls.length, stalledSeconds: { mean, most: Math.max(...stalls) } };
}
