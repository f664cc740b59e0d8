import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dice } from '../dice.js';
import { FaultOrder } from '../fault-order.js';
import { faultWeights } from './fault.js';
import { differences } from './outcome.js';
import { runSubject, type FinishedRun } from './run.js';
import type { Subject } from './subject.js';
import { summarise, type Summary } from './summary.js';

export interface CampaignOptions {
  /** Takes a workdir per run. */
  readonly folder: string;
  readonly dice: Dice;
  /** Faults, over as many runs as they take. */
  readonly faults: number;
  /** Told how it goes. */
  readonly onMessage: (message: string) => void;
}

/** Runs a subject undisturbed, then disturbed again and again until there were enough faults. */
export async function campaign(subject: Subject, options: CampaignOptions): Promise<Summary> {
  const { folder, dice, faults, onMessage } = options;
  onMessage(`${subject.name}: the undisturbed run`);
  const undisturbed = join(folder, subject.name, 'undisturbed');
  const reference = await runSubject(undisturbed, subject);
  await cleared(undisturbed, reference, reference);
  const disturbed = withCheckpointsEvery(subject);
  const order = new FaultOrder(dice, faultWeights);
  const runs: FinishedRun[] = [];
  for (let left = faults; left > 0;) {
    onMessage(`${subject.name}: disturbed run ${runs.length + 1}, ${left} faults to go`);
    const onFault = ({ kind }: { kind: string }): void => onMessage(`${subject.name}: ${kind}`);
    const disturbance = { dice, order, most: left, pause: subject.pause, onFault };
    const workdir = join(folder, subject.name, `disturbed-${runs.length + 1}`);
    const run = await cleared(workdir, await runSubject(workdir, disturbed, disturbance), reference);
    runs.push(run);
    left -= run.faults.length;
  }
  return summarise(subject, reference, runs);
}

function withCheckpointsEvery(subject: Subject): Subject {
  const { pipeline, checkpointEvery } = subject;
  return { ...subject, pipeline: { ...pipeline, training: { ...pipeline.training, checkpointEvery } } };
}

/** Removes the workdir of a run that is as it must be; any other is kept, to see why. */
async function cleared(workdir: string, run: FinishedRun, reference: FinishedRun): Promise<FinishedRun> {
  const sound = run.leftovers.length === 0 && differences(reference.digests, run.digests).length === 0;
  if (sound) await rm(workdir, { recursive: true, force: true });
  return run;
}
