import { InputFault } from '../../errors/fault.js';
import { albert } from './albert.js';
import { bert } from './bert.js';
import { deberta } from './deberta.js';
import { debertaV2 } from './deberta-v2.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import type { ModelFamily, Pooling, ScratchFamily } from './family.js';
import { modernbert } from './modernbert.js';
import { mpnet } from './mpnet.js';
import { camembert, roberta, xlmRoberta } from './roberta.js';

const families: readonly ModelFamily[] = [
  bert,
  roberta,
  xlmRoberta,
  camembert,
  distilbert,
  electra,
  mpnet,
  albert,
  deberta,
  debertaV2,
  modernbert,
];

/** Every `model_type` that is supported. */
export const modelTypes: readonly string[] = families.map(({ modelType }) => modelType);

const scratchFamilies = { bert, 'deberta-v2': debertaV2 } as const satisfies Record<string, ScratchFamily>;

/** The family of a network from scratch. */
export function scratchFamily(type: keyof typeof scratchFamilies): ScratchFamily {
  return scratchFamilies[type];
}

/**
 * The configuration with the pooling that is asked for.
 *
 * @throws InputFault where the family's configuration has no setting for it: transformers would load the export
 * as another model than was trained
 */
export function pooledConfig(
  family: ModelFamily,
  config: Readonly<Record<string, unknown>>,
  pooling: Pooling | undefined,
): Readonly<Record<string, unknown>> {
  if (pooling === undefined) return config;
  if (family.pooled !== undefined) return family.pooled(config, pooling);
  const able = families.filter((each) => each.pooled !== undefined).map(({ modelType }) => modelType);
  throw new InputFault({
    where: 'model.pooling',
    what: `the configuration of a '${family.modelType}' model cannot say what its head sees of a text`,
    found: pooling,
    expected: `auto, or a model of ${able.join(', ')}`,
    remedy: 'Leave model.pooling out.',
  });
}

/** The family of a checkpoint. @throws InputFault for one that is not implemented */
export function familyOf(config: Readonly<Record<string, unknown>>, where = 'config.json'): ModelFamily {
  const family = families.find(({ modelType }) => modelType === config['model_type']);
  if (family !== undefined) return family;
  throw new InputFault({
    where: `${where} model_type`,
    what: 'this family of models is not supported',
    found: JSON.stringify(config['model_type'] ?? null).slice(0, 80),
    expected: `one of ${modelTypes.join(', ')}`,
    remedy: 'Choose a checkpoint of one of these for model.checkpoint; docs/models.md names some of each.',
  });
}
