import { EnvironmentFault } from '../errors/fault.js';
import type { ActivityName } from '../pipeline/pipeline.js';
import type { StepCall, Timed } from './contracts.js';
import { guarded } from './failures.js';
import { beating } from './heartbeat.js';
import { keyOf, type Occasion } from './identity.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

/**
 * The output recorded under a key, its files put into the run's folder; null where the step has to
 * run. A fresh run takes only what it recorded itself.
 */
export async function reuse(
  services: Services,
  activity: ActivityName,
  key: string,
  { run, settings }: Pick<Occasion, 'run' | 'settings'>,
): Promise<unknown> {
  const record = await services.keys.find(key);
  if (record === null || (settings.fresh && record.run !== run)) return null;
  await new RunDirectory(services, run).place(activity, record.output);
  return record.output;
}

/** An activity whose output is recorded under its key, with its files in the run's folder. */
export function recorded<Call extends StepCall<unknown>, Output extends object>(
  services: Services,
  activity: ActivityName,
  work: (call: Call) => Promise<Output>,
): (call: Call) => Promise<Timed<Output>> {
  const run = async (call: Call): Promise<Timed<Output>> => {
    const key = await keyOf(services, activity, call);
    const former = (await reuse(services, activity, key, call)) as Timed<Output> | null;
    if (former !== null) return former;
    const started = performance.now();
    const output = await work(call);
    if ((await keyOf(services, activity, call)) !== key) throw changedMeanwhile(call.step);
    const timed = { ...output, seconds: (performance.now() - started) / 1000 };
    await services.keys.record({ key, activity, run: call.run, output: timed });
    const directory = new RunDirectory(services, call.run);
    await directory.place(activity, timed);
    await directory.note('step completed', { step: call.step, seconds: timed.seconds });
    return timed;
  };
  return (call) => guarded(() => beating(() => run(call)));
}

function changedMeanwhile(step: string): EnvironmentFault {
  return new EnvironmentFault({
    where: step,
    what: 'a file that it reads was changed while it was being read',
  });
}
