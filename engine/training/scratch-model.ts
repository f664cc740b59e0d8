import type { ScratchModel } from '../../pipeline/pipeline.js';
import { scratchFamily } from '../models/families.js';
import type { Classifier, ModelFamily } from '../models/family.js';

/** A model from scratch, without its weights: its family, its `config.json`, and what it builds. */
export function scratchModel(
  scratch: ScratchModel,
  maxLength: number,
  labels: number,
): {
  readonly family: ModelFamily;
  readonly config: Readonly<Record<string, unknown>>;
  readonly classifier: Classifier;
} {
  const family = scratchFamily(scratch.type);
  const config = family.scratchConfig({ ...scratch, maxLength });
  return { family, config, classifier: family.classifier(config, labels) };
}
