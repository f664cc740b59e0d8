import { InputFault } from '../../errors/fault.js';
import { albert } from './albert.js';
import { bert } from './bert.js';
import { deberta } from './deberta.js';
import { debertaV2 } from './deberta-v2.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import type { ModelFamily, ScratchFamily } from './family.js';
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
