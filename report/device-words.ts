import type { FoldResult } from './run-result.js';

/** What a fold was trained on, the card behind it where that is known, and in what where that is not float32. */
export function deviceWords({
  device,
  card,
  precision,
}: Pick<FoldResult, 'device' | 'card' | 'precision'>): string {
  return `${device}${card === undefined ? '' : ` (${cardWords(card)})`}${precision === undefined ? '' : ` in ${precision}`}`;
}

function cardWords({ name, memoryBytes }: NonNullable<FoldResult['card']>): string {
  return memoryBytes === null ? name : `${name}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
}
