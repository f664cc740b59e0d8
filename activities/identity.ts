import type { ActivityName, Pipeline } from '../pipeline/pipeline.js';
import { activities } from '../pipeline/activities.js';
import { stepKey } from '../pipeline/keys.js';
import type { RunSettings } from './contracts.js';
import { requireInputs } from './doors.js';
import type { DigestServices } from './input-digests.js';
import { records } from './records.js';

/** One step, or one fold of it, with what it reads: the outputs of other steps, by kind. */
export interface UncheckedOccasion {
  readonly run: string;
  readonly pipeline: Pipeline;
  readonly settings: RunSettings;
  readonly inputs: unknown;
  readonly fold?: number;
}

/**
 * The key of a step. Activities compute it themselves when they start: a file may have changed since
 * the look-up, and the worker may have another engine.
 */
export async function keyOf<Name extends ActivityName>(
  services: DigestServices,
  activity: Name,
  occasion: UncheckedOccasion,
): Promise<string> {
  const { version, reads } = records[activity];
  const inputs = requireInputs(activity, occasion.inputs, occasion);
  return stepKey({
    activity,
    version,
    parameters: activities[activity].parameters(occasion.pipeline),
    inputs: await reads(services, { ...occasion, inputs }),
  });
}
