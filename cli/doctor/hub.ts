import { hubEndpoint, isOffline } from '../../engine/checkpoint/hub-settings.js';
import type { Check } from './check.js';

/** Milliseconds that the hub has to answer. */
const patience = 5_000;

/** Whether the hub answers, for pipelines whose `model.checkpoint` names a model there. */
export async function hubCheck(endpoint: string = hubEndpoint(), offline = isOffline()): Promise<Check> {
  const name = 'model hub';
  if (offline) return { name, state: 'note', found: 'not asked: HF_HUB_OFFLINE is set' };
  try {
    const { status } = await fetch(endpoint, { method: 'HEAD', signal: AbortSignal.timeout(patience) });
    return { name, state: 'fine', found: `${endpoint} answers (${status})` };
  } catch {
    return {
      name,
      state: 'note',
      found: `${endpoint} does not answer`,
      remedy:
        'Set model.checkpoint to a local folder, train with model.scratch, or set HF_ENDPOINT to a mirror.',
    };
  }
}
