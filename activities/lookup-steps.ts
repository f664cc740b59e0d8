import type { LookedUp, LookupCall, RunActivities } from './contracts.js';
import { beating } from './heartbeat.js';
import { keyOf } from './identity.js';
import { reuse } from './recorded.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

/** The keys of a step's members and what is recorded under them: on the main queue, never behind training. */
export function lookupSteps(services: Services): RunActivities['lookupSteps'] {
  return (call) => beating(() => lookUp(services, call));
}

async function lookUp(services: Services, call: LookupCall): Promise<LookedUp[]> {
  const step = call.pipeline.steps[call.step]!;
  const found: LookedUp[] = [];
  for (const index of call.members ?? [null]) {
    const occasion = index === null ? call : { ...call, fold: index };
    const key = await keyOf(services, step.run, occasion);
    const output = await reuse(services, step.run, key, call);
    if (output !== null) await noteReuse(services, call, index);
    found.push({ index, key, output });
  }
  return found;
}

async function noteReuse(services: Services, { run, step }: LookupCall, index: number | null): Promise<void> {
  await new RunDirectory(services, run).note(
    'step reused',
    index === null ? { step } : { step, fold: index },
  );
}
