import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Dice } from '../dice.js';
import { FaultOrder } from '../fault-order.js';
import type { Digests } from '../faults/outcome.js';
import type { Cluster } from './cluster.js';
import { weightsFor, type Fault, type FaultKind } from './fault.js';
import { runOn, type ClusterRun } from './run.js';
import { summarise, type Pair, type Summary } from './summary.js';
import { violationsOf } from './verdict.js';

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

/** So many disturbed runs are compared with one undisturbed one: the machine may have become slower by the next. */
const disturbedAtOnce = 3;

/** Disturbed runs until there were enough faults, and before each few of them an undisturbed one. */
export async function campaign(cluster: Cluster, options: CampaignOptions): Promise<Summary> {
  const { expected, dice, faults, kinds, pause, onMessage } = options;
  const order = new FaultOrder<FaultKind>(dice, weightsFor(cluster, kinds));
  const pipeline = withManyCheckpoints(options.pipeline);
  const pairs: Pair[] = [];
  const told = (run: ClusterRun): ClusterRun => {
    for (const violation of violationsOf(expected, run)) onMessage(`NOT AS IT MUST BE: ${violation}`);
    return run;
  };
  let undisturbed: ClusterRun | undefined;
  for (let left = faults; left > 0;) {
    if (undisturbed === undefined || pairs.length % disturbedAtOnce === 0) {
      onMessage('an undisturbed run');
      undisturbed = told(await runOn(cluster, pipeline));
    }
    onMessage(`disturbed run ${pairs.length + 1}, ${left} faults to go`);
    const onFault = ({ kind, host }: Fault): void => onMessage(`${kind}: ${host}`);
    const disturbed = told(await runOn(cluster, pipeline, { dice, order, most: left, pause, onFault }));
    pairs.push({ undisturbed, disturbed });
    left -= disturbed.faults.length;
  }
  const { training } = pipeline;
  return summarise(pairs, { expected, epochs: training.epochs, hosts: cluster.workerHosts });
}

/** So that a short run has many; both sides have them, so that what they cost is no fault's. */
function withManyCheckpoints(pipeline: Pipeline): Pipeline {
  return { ...pipeline, training: { ...pipeline.training, checkpointEvery: 1 } };
}
