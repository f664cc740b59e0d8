import { Fault } from '../../errors/fault.js';
import { requireConditionalWrites } from '../../store/objects/conditional-writes.js';
import { configuredStore, openStorePlace } from '../../worker/store-place.js';
import type { Workdir } from '../workdir.js';
import type { Check } from './check.js';

/** Whether the store can be one: that it is reached, may be written to, and decides between those who write at once. */
export async function storeCheck({ path, state }: Workdir): Promise<Check> {
  const name = 'store';
  if (configuredStore() === null) return { name, state: 'fine', found: `the workdir's folder ${state}` };
  try {
    const { objects } = openStorePlace(path);
    await requireConditionalWrites(objects);
    return { name, state: 'fine', found: `${objects.place} honours conditional writes` };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { where, what, found, remedy } = error.details;
    return {
      name,
      state: 'missing',
      found: `${where}: ${what}${found === undefined ? '' : `; found ${found}`}`,
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}
