import { processor, type DeviceName } from '../device/device.js';

/** Tokens of a batch: enough rows for products at full speed, and little memory. */
const onProcessor = 2048;

/** The same on a card, which has more that works at once. */
const onCard = 8192;

/** A text of usual length needs no fewer. */
const least = 128;

/** Tokens of a batch where nothing says how many. */
export function batchTokensOn(device: DeviceName): number {
  return device === processor ? onProcessor : onCard;
}

/**
 * What is tried where a card has no memory for a batch.
 *
 * @param tried tokens of the batch; absent where nothing said how many @returns null where fewer help no more
 */
export function fewerTokens(tried: number = onCard): number | null {
  const fewer = Math.floor(tried / 2);
  return fewer < least ? null : fewer;
}
