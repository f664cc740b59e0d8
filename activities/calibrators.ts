import { z } from 'zod';
import { InputFault } from '../errors/fault.js';
import { calibratorSchema } from '../metrics/calibrator-schema.js';
import type { Calibrator } from '../metrics/calibrators.js';
import { namePattern } from '../pipeline/schema.js';
import type { ArtifactRef, ArtifactStore } from '../store/store.js';

/** What calibrates new probabilities, by label. */
export const calibratorsSchema = z.record(z.string().regex(namePattern), calibratorSchema);

export type Calibrators = Readonly<Record<string, Calibrator>>;

/** More is none of ours. */
const mostBytes = 64 * 1024 * 1024;

/** @throws InputFault for an artifact that holds no calibrators; ArtifactMissing, ArtifactDamaged */
export async function readCalibrators(store: ArtifactStore, ref: ArtifactRef): Promise<Calibrators> {
  const bytes = ref.bytes > mostBytes ? new Uint8Array() : await store.getBytes(ref);
  try {
    return calibratorsSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw new InputFault({ where: 'the calibration', what: 'its artifact is not what it should be' });
  }
}

/** One for each label, in their order. @throws InputFault for a label without one */
export function calibratorsOf(labels: readonly string[], calibrators: Calibrators): Calibrator[] {
  return labels.map((label) => {
    const found = Object.hasOwn(calibrators, label) ? calibrators[label] : undefined;
    if (found !== undefined) return found;
    throw new InputFault({
      where: 'the calibration',
      what: `there is none for the label ${JSON.stringify(label)}`,
      expected: 'one for each label of the pipeline',
    });
  });
}
