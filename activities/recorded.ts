import { EnvironmentFault } from '../errors/fault.js';
import type { ActivityName } from '../pipeline/pipeline.js';
import type { KeyUser } from '../store/key-uses.js';
import { currentExecution } from './admission.js';
import type { CallOf, OutputOf, StepCall } from './contracts.js';
import { beating } from './heartbeat.js';
import { outputOf } from './doors.js';
import { keyOf } from './identity.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

/**
 * The output recorded under a key, its files put into the run's folder; null where the step has to
 * run. A fresh run takes only what its own workflow recorded: another may have had its name.
 */
export async function reuse<Name extends ActivityName>(
  services: Services,
  activity: Name,
  key: string,
  call: Pick<StepCall<unknown>, 'run' | 'settings' | 'pipeline'> & { readonly member?: string },
): Promise<OutputOf<Name> | null> {
  const { run, settings, member } = call;
  const record = await services.keys.reuse(key, userOf(call));
  if (record === null || record.activity !== activity) return null;
  if (settings.fresh && record.execution !== currentExecution().runId) return null;
  const output = outputOf(activity, record.output);
  if (output === null) return null;
  await new RunDirectory(services, run).place(activity, output, member);
  return output;
}

/** Files an output under its key, and gives it as it is filed: of its schema. */
export async function record<Name extends ActivityName>(
  { keys }: Services,
  activity: Name,
  key: string,
  call: Pick<StepCall<unknown>, 'run' | 'pipeline'>,
  made: unknown,
): Promise<OutputOf<Name>> {
  const output = outputOf(activity, made);
  if (output === null) throw new TypeError(`what ${activity} made is not of its form`);
  const { runId: execution } = currentExecution();
  await keys.record({ key, activity, run: call.run, execution, output }, userOf(call));
  return output;
}

/** Who refers to what a call is given or files. */
export function userOf({ run, pipeline }: Pick<StepCall<unknown>, 'run' | 'pipeline'>): KeyUser {
  return { kind: 'runs', name: run, pipeline: pipeline.name };
}

/** Activities whose outputs are recorded with the seconds that they took. */
type RecordedName = Exclude<ActivityName, 'trainFold'>;

/** An activity whose output is recorded under its key, with its files in the run's folder. */
export function recorded<Name extends RecordedName>(
  services: Services,
  activity: Name,
  work: (call: CallOf<Name>, key: string) => Promise<Omit<OutputOf<Name>, 'seconds'>>,
): (call: CallOf<Name>) => Promise<OutputOf<Name>> {
  const run = async (call: CallOf<Name>): Promise<OutputOf<Name>> => {
    const key = await keyOf(services, activity, call);
    const former = await reuse(services, activity, key, call);
    if (former !== null) return former;
    const started = performance.now();
    const output = await work(call, key);
    if ((await keyOf(services, activity, call)) !== key) throw changedMeanwhile(call.step);
    const seconds = (performance.now() - started) / 1000;
    const timed = await record(services, activity, key, call, { ...output, seconds });
    const directory = new RunDirectory(services, call.run);
    await directory.place(activity, timed);
    await directory.note('step completed', { step: call.step, seconds: timed.seconds });
    return timed;
  };
  return (call) => beating(() => run(call));
}

export function changedMeanwhile(step: string): EnvironmentFault {
  return new EnvironmentFault({
    where: step,
    what: 'a file that it reads was changed while it was being read',
  });
}
