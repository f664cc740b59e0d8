import { processor, type DeviceName } from '../engine/device/device.js';
import { namedCell, type Cell } from '../pipeline/matrix.js';
import { membersOf } from '../pipeline/members.js';
import type { LookedUp, LookupCall, RunActivities } from './contracts.js';
import { onDevice } from './devices.js';
import { beating } from './heartbeat.js';
import { finishedFold } from './finished-fold.js';
import { keyOf } from './identity.js';
import { putJson } from './json-artifact.js';
import { reuse } from './recorded.js';
import { receiptOf } from './references.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

/** The keys of a step's members and what is recorded under them: on the main queue, never behind training. */
export function lookupSteps(services: Services): RunActivities['lookupSteps'] {
  return (call) => beating(() => lookUp(services, call));
}

async function lookUp(services: Services, call: LookupCall): Promise<LookedUp[]> {
  const { store } = services;
  // Calls name it from now on; one that is lost is made anew.
  if (call.references) await putJson(store, call.pipeline);
  if (call.cells === null) return [await lookUpStep(services, call)];
  const members = new Map(membersOf(call.pipeline).map(({ id, pipeline }) => [id, pipeline]));
  const found: LookedUp[] = [];
  for (const cell of call.cells) {
    const pipeline = members.get(cell.member) ?? call.pipeline;
    found.push(await lookUpCell(services, { ...call, ...cell, pipeline }));
  }
  return found;
}

async function lookUpStep(services: Services, call: LookupCall): Promise<LookedUp> {
  const { run } = call.pipeline.steps[call.step]!;
  // Predictions have the bits of a device of this worker's; nothing else of its queue has any device's.
  const devices: readonly DeviceName[] = run === 'predictEnsemble' ? services.devices.names : [processor];
  const keys = new Set<string>();
  for (const device of devices) keys.add(await keyOf(services, run, onDevice(call, device)));
  for (const key of keys) {
    const output = await reuse(services, run, key, call);
    if (output === null) continue;
    await noteReuse(services, call, {});
    return { index: null, key, output };
  }
  const [key] = keys;
  return { index: null, key: key!, output: null };
}

async function lookUpCell(services: Services, call: LookupCall & Cell): Promise<LookedUp> {
  const { fold: index, ...member } = namedCell(call);
  const { key, output } = await finishedFold(services, call);
  if (output !== null) await noteReuse(services, call, namedCell(call));
  const given = output === null || !call.references ? output : await receiptOf(services.store, output);
  return { index, ...member, key, output: given };
}

async function noteReuse(services: Services, { run, step }: LookupCall, cell: object): Promise<void> {
  await new RunDirectory(services, run).note('step reused', { step, ...cell });
}
