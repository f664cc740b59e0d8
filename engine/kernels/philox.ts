/** Two words that name a stream of draws, such as (seed, fold). */
export type PhiloxKey = readonly [number, number];

/** Words 1 to 3 of the counter, such as (step, place, 0); word 0 counts the blocks of four draws. */
export type PhiloxCounter = readonly [number, number, number];

const m0 = 0xd2511f53;
const m1 = 0xcd9e8d57;
const w0 = 0x9e3779b9;
const w1 = 0xbb67ae85;

/**
 * One block of Philox4x32-10: four uint32 draws that depend on counter and key alone (Salmon,
 * Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
 */
export function philox(block: number, key: PhiloxKey, counter: PhiloxCounter): Uint32Array {
  const values = new Uint32Array(4);
  writeBlock(values, 0, block, key, counter);
  return values;
}

/** Writes the block's draws at `at`; those beyond the end of `values` are dropped. */
function writeBlock(
  values: Uint32Array,
  at: number,
  block: number,
  key: PhiloxKey,
  counter: PhiloxCounter,
): void {
  let [k0, k1] = key;
  let c0 = block;
  let [c1, c2, c3] = counter;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(m0, c0);
    const high1 = multiplyHigh(m1, c2);
    const low0 = Math.imul(m0, c0);
    const low1 = Math.imul(m1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + w0) | 0;
    k1 = (k1 + w1) | 0;
  }
  values[at] = c0;
  values[at + 1] = c1;
  values[at + 2] = c2;
  values[at + 3] = c3;
}

/** The upper 32 bits of the product of two uint32, from products of halves that float64 holds exactly. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) | 0;
}

/** `count` uint32 draws: lane i mod 4 of block i div 4. */
export function draws(count: number, key: PhiloxKey, counter: PhiloxCounter): Uint32Array {
  const values = new Uint32Array(count);
  for (let i = 0; i < count; i += 4) writeBlock(values, i, i / 4, key, counter);
  return values;
}

/** `count` values in [0, 1), multiples of 2⁻³². */
export function uniform(count: number, key: PhiloxKey, counter: PhiloxCounter): Float64Array {
  const source = draws(count, key, counter);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = source[i]! / 2 ** 32;
  return values;
}

/** `count` whole numbers in [0, bound), each as likely to within bound / 2³². */
export function integers(count: number, bound: number, key: PhiloxKey, counter: PhiloxCounter): Uint32Array {
  const values = draws(count, key, counter);
  for (let i = 0; i < count; i++) values[i] = Math.floor(values[i]! * (bound / 2 ** 32));
  return values;
}

/** `count` standard normal values: each pair of draws gives two (Box and Muller 1958). */
export function normal(count: number, key: PhiloxKey, counter: PhiloxCounter): Float64Array {
  const source = draws(count + (count % 2), key, counter);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    // The first of a pair lies in (0, 1], so that its logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log((source[i]! + 1) / 2 ** 32));
    const angle = 2 * Math.PI * (source[i + 1]! / 2 ** 32);
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** 0 … n − 1 in random order, each order equally likely (Fisher and Yates, without modulo bias). */
export function permutation(n: number, key: PhiloxKey, counter: PhiloxCounter): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const draw = drawer(key, counter);
  for (let last = n - 1; last > 0; last--) {
    const other = bounded(last + 1, draw);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** The draws one after the other. */
function drawer(key: PhiloxKey, counter: PhiloxCounter): () => number {
  const block = new Uint32Array(4);
  let next = 0;
  return () => {
    if (next % 4 === 0) writeBlock(block, 0, next / 4, key, counter);
    return block[next++ % 4]!;
  };
}

/** A whole number in [0, bound): draws beyond the last full multiple of `bound` are thrown away. */
function bounded(bound: number, draw: () => number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let value = draw();
  while (value >= limit) value = draw();
  return value % bound;
}
