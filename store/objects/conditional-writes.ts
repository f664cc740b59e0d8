import { randomUUID } from 'node:crypto';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import type { ObjectStore } from './object-store.js';

/** Below it nothing is kept. */
export const probesPrefix = 'probe/';

const encoder = new TextEncoder();

/**
 * Proves that a store does what all else relies on: that it writes where there is nothing, replaces what it
 * was told to replace, and else refuses. Servers that know no conditions write whatever they are told to.
 *
 * @throws InputFault where it does not, EnvironmentFault where it cannot be tried
 */
export async function requireConditionalWrites(store: ObjectStore): Promise<void> {
  const name = `${probesPrefix}${randomUUID()}`;
  const bytes = (text: string): Uint8Array => encoder.encode(`${text} of ${name}\n`);
  try {
    const first = await store.putIfAbsent(name, bytes('the first'));
    if (first === null) throw broken(store, 'it refuses to write where there is nothing');
    if ((await store.stat(name))?.version !== first) throw broken(store, 'it has not what was just written');
    if ((await store.putIfAbsent(name, bytes('a second'))) !== null)
      throw broken(store, 'it writes over what is there though told not to (If-None-Match)');
    const second = await store.putIfMatch(name, first, bytes('the next'));
    if (second === null) throw broken(store, 'it refuses to replace what it has just given (If-Match)');
    if ((await store.putIfMatch(name, first, bytes('a late'))) !== null)
      throw broken(store, 'it replaces another version than it was told to (If-Match)');
    await store.delete(name);
    if ((await store.putIfMatch(name, second, bytes('a lost'))) !== null)
      throw broken(store, 'it writes anew what it was told to replace (If-Match)');
  } finally {
    await store.delete(name).catch(() => undefined);
  }
  if ((await store.stat(name)) !== null) {
    throw new EnvironmentFault({
      where: store.place,
      what: 'what was deleted from the store is still there',
    });
  }
}

function broken({ place }: ObjectStore, found: string): InputFault {
  return new InputFault({
    where: place,
    what: 'this cannot be the store: its server does not honour conditional writes',
    found,
    expected: 'a server that decides between those who write at once',
    remedy:
      "Use Amazon's S3 or another server that knows If-None-Match and If-Match; a newer release of this one may. See docs/store.md.",
  });
}
