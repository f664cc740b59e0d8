import type { Pooling, ScratchModel } from '../../pipeline/pipeline.js';
import { pooledConfig, scratchFamily } from '../models/families.js';
import type { Classifier, ModelFamily } from '../models/family.js';

/** A model from scratch, without its weights: its family, its `config.json`, and what it builds. */
export function scratchModel(
  scratch: ScratchModel,
  maxLength: number,
  labels: number,
  pooling?: Pooling,
): {
  readonly family: ModelFamily;
  readonly config: Readonly<Record<string, unknown>>;
  readonly classifier: Classifier;
} {
  const family = scratchFamily(scratch.type);
  const config = pooledConfig(family, family.scratchConfig({ ...scratch, maxLength }), pooling);
  return { family, config, classifier: family.classifier(config, labels) };
}
