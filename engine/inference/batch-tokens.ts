import { EnvironmentFault } from '../../errors/fault.js';
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
 * @param tried tokens of the batch @returns null where fewer help no more
 */
export function fewerTokens(tried: number): number | null {
  const fewer = Math.floor(tried / 2);
  return fewer < least ? null : fewer;
}

/**
 * Tokens of a batch for which a card has had no memory so often.
 *
 * @throws EnvironmentFault where fewer help no more
 */
export function halvedTokens(tokens: number, halvings: number, device: DeviceName): number {
  if (halvings === 0) return tokens;
  const fewer = fewerTokens(tokens);
  if (fewer !== null) return halvedTokens(fewer, halvings - 1, device);
  throw new EnvironmentFault({
    where: `device ${device}`,
    what: `it has no memory left for batches of ${tokens} tokens, the smallest that are tried`,
    remedy: 'End what else uses it, or score on the processor (cpu).',
  });
}
