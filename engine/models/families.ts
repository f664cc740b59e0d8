import { InputFault } from '../../errors/fault.js';
import { bert } from './bert.js';
import { debertaV2 } from './deberta-v2.js';
import type { ModelFamily } from './family.js';

const families: readonly ModelFamily[] = [bert, debertaV2];

/** The family of a checkpoint. @throws InputFault for one that is not implemented */
export function familyOf(config: Readonly<Record<string, unknown>>, where = 'config.json'): ModelFamily {
  const family = families.find(({ modelType }) => modelType === config['model_type']);
  if (family !== undefined) return family;
  throw new InputFault({
    where: `${where} model_type`,
    what: 'this family of models is not supported',
    found: JSON.stringify(config['model_type'] ?? null).slice(0, 80),
    expected: families.map(({ modelType }) => modelType).join(' or '),
    remedy: 'Choose a checkpoint of a supported family for model.checkpoint.',
  });
}
