import { z } from 'zod';
import { InputFault } from '../../errors/fault.js';
import { calibratorSchema } from '../../metrics/calibrator-schema.js';
import type { Calibrator } from '../../metrics/calibrators.js';
import { namePattern, pipelineLimits } from '../../pipeline/schema.js';
import type { ModelUse } from '../../pipeline/pipeline.js';

/** What an exported `config.json` says that transformers has no word for, in a key of its own. */
export const settingsKey = 'foldwise';

const byLabel = <T extends z.ZodType>(value: T) =>
  z
    .record(z.string().regex(namePattern), value)
    .refine((entries) => Object.keys(entries).length <= pipelineLimits.labels, 'too many labels');

/** Of the probability; where a row has one class, the offset of its logarithm. */
export const thresholdSchema = z.number().min(-100).max(100);

const settingsSchema = z.strictObject({
  /** How a long text is read: transformers can only cut it. */
  truncation: z.enum(['head', 'tail', 'both']).exactOptional(),
  windows: z.strictObject({ overlap: z.int().min(0), most: z.int().min(2).max(1000) }).exactOptional(),
  /** By label: what decides, and what makes chances of probabilities before. */
  thresholds: byLabel(thresholdSchema).exactOptional(),
  calibrators: byLabel(calibratorSchema).exactOptional(),
});

/** What is tuned for an ensemble, and holds for a model of it as well. */
export interface TunedSettings {
  readonly thresholds: Readonly<Record<string, number>>;
  readonly calibrators?: Readonly<Record<string, Calibrator>>;
}

type ExportedReading = Pick<ModelUse, 'truncation' | 'windows'>;

/** Undefined where there is nothing to say. */
export function exportedReading({ truncation, windows }: ExportedReading): object | undefined {
  if (truncation === undefined && windows === undefined) return undefined;
  return {
    ...(truncation === undefined ? {} : { truncation }),
    ...(windows === undefined ? {} : { windows }),
  };
}

/** @throws InputFault where the key holds something else */
export function readExportedReading(
  config: Readonly<Record<string, unknown>>,
  where: string,
): ExportedReading {
  const { thresholds, calibrators, ...reading } = readSettings(config, where);
  return reading;
}

/**
 * The configuration with what is tuned beside what it says already.
 *
 * @throws InputFault where the key holds something else
 */
export function withTuned(
  config: Readonly<Record<string, unknown>>,
  tuned: TunedSettings,
  where: string,
): Record<string, unknown> {
  return { ...config, [settingsKey]: { ...readSettings(config, where), ...tuned } };
}

function readSettings(
  config: Readonly<Record<string, unknown>>,
  where: string,
): z.output<typeof settingsSchema> {
  const read = settingsSchema.safeParse(config[settingsKey] ?? {});
  if (read.success) return read.data;
  throw new InputFault({
    where,
    what: `its key '${settingsKey}' does not say how texts are read and decided`,
    remedy: 'Use the folder as it was exported.',
  });
}
