import { ARGUMENTS, CHUNK } from './layout';

// Arguments: pointer, element count, kept value, threshold, key (2), counter (3).
const VIEW = ARGUMENTS;
const COUNT = ARGUMENTS + 4;
const KEPT = ARGUMENTS + 8;
const THRESHOLD = ARGUMENTS + 12;
const KEY = ARGUMENTS + 16;
const COUNTER = ARGUMENTS + 24;

// Constants of Philox4x32 (Salmon et al. 2011, table 2 and section 3.3).
const M0: u32 = 0xd2511f53;
const M1: u32 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9;
const W1: u32 = 0xbb67ae85;

/** 0 or the kept value per element. */
export function dropoutMasks(chunk: u32): void {
  draw<f32>(chunk);
}

/** 0 or 1 per element, a byte each. */
export function dropoutFlags(chunk: u32): void {
  draw<u8>(chunk);
}

/** Four Philox blocks, so 16 elements, at once. */
function draw<T>(chunk: u32): void {
  const first = chunk * CHUNK;
  const count = min(load<u32>(COUNT) - first, CHUNK);
  let at = load<usize>(VIEW) + <usize>first * sizeof<T>();
  const end = at + <usize>(count & ~15) * sizeof<T>();
  const rest = count & 15;
  const kept = v128.splat<f32>(load<f32>(KEPT));
  const byte0 = v128.splat<u32>(0x1);
  const byte1 = v128.splat<u32>(0x100);
  const byte2 = v128.splat<u32>(0x10000);
  const byte3 = v128.splat<u32>(0x1000000);
  const threshold = v128.splat<u32>(load<u32>(THRESHOLD));
  const m0 = v128.splat<u32>(M0);
  const m1 = v128.splat<u32>(M1);
  const w0 = v128.splat<u32>(W0);
  const w1 = v128.splat<u32>(W1);
  const key0 = v128.splat<u32>(load<u32>(KEY));
  const key1 = v128.splat<u32>(load<u32>(KEY + 4));
  const counter1 = v128.splat<u32>(load<u32>(COUNTER));
  const counter2 = v128.splat<u32>(load<u32>(COUNTER + 4));
  const counter3 = v128.splat<u32>(load<u32>(COUNTER + 8));
  // Of the first two rounds half depends on no block. The first leaves c0 = high(m1·counter2) ^ counter1 ^ key0 and
  // c1 = low(m1·counter2); the second then high and low of m0·c0.
  const a0 = v128.xor(v128.xor(high(counter2, m1), counter1), key0);
  const a1 = v128.xor(low(counter2, m1), v128.add<u32>(key0, w0));
  const a2 = v128.xor(counter3, key1);
  const a3 = v128.xor(high(a0, m0), v128.add<u32>(key1, w1));
  const a4 = low(a0, m0);
  const third0 = v128.add<u32>(v128.add<u32>(key0, w0), w0);
  const third1 = v128.add<u32>(v128.add<u32>(key1, w1), w1);
  let block = v128.add<u32>(v128.splat<u32>(first >> 2), i32x4(0, 1, 2, 3));
  const step = v128.splat<u32>(4);
  for (; ; at += 16 * sizeof<T>()) {
    if (at >= end && rest == 0) break;
    let c2 = v128.xor(high(block, m0), a2);
    let c0 = v128.xor(high(c2, m1), a1);
    let c1 = low(c2, m1);
    c2 = v128.xor(low(block, m0), a3);
    let c3 = a4;
    let k0 = third0;
    let k1 = third1;
    for (let round = 2; round < 10; round++) {
      const from0 = c0;
      c0 = v128.xor(v128.xor(high(c2, m1), c1), k0);
      c1 = low(c2, m1);
      c2 = v128.xor(v128.xor(high(from0, m0), c3), k1);
      c3 = low(from0, m0);
      k0 = v128.add<u32>(k0, w0);
      k1 = v128.add<u32>(k1, w1);
    }
    c0 = v128.ge<u32>(c0, threshold);
    c1 = v128.ge<u32>(c1, threshold);
    c2 = v128.ge<u32>(c2, threshold);
    c3 = v128.ge<u32>(c3, threshold);
    if (isFloat<T>()) {
      // From one vector per lane to one vector per block.
      const a = v128.shuffle<u32>(c0, c1, 0, 4, 1, 5);
      const b = v128.shuffle<u32>(c2, c3, 0, 4, 1, 5);
      const c = v128.shuffle<u32>(c0, c1, 2, 6, 3, 7);
      const d = v128.shuffle<u32>(c2, c3, 2, 6, 3, 7);
      const block0 = v128.and(kept, v128.shuffle<u64>(a, b, 0, 2));
      const block1 = v128.and(kept, v128.shuffle<u64>(a, b, 1, 3));
      const block2 = v128.and(kept, v128.shuffle<u64>(c, d, 0, 2));
      const block3 = v128.and(kept, v128.shuffle<u64>(c, d, 1, 3));
      if (at >= end) {
        storeSome(at, block0, rest, 0);
        storeSome(at, block1, rest, 4);
        storeSome(at, block2, rest, 8);
        storeSome(at, block3, rest, 12);
        break;
      }
      v128.store(at, block0, 0);
      v128.store(at, block1, 16);
      v128.store(at, block2, 32);
      v128.store(at, block3, 48);
    } else {
      // The four bytes of a block are those of a word.
      const even = v128.or(v128.and(c0, byte0), v128.and(c2, byte2));
      const odd = v128.or(v128.and(c1, byte1), v128.and(c3, byte3));
      const flags = v128.or(even, odd);
      if (at >= end) {
        storeSomeBytes(at, flags, rest);
        break;
      }
      v128.store(at, flags);
    }
    block = v128.add<u32>(block, step);
  }
}

/** The upper halves of the products. */
function high(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7);
}

/** The lower halves of the products. */
function low(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 0, 2, 4, 6);
}

/** Those of the elements position … position + 3 that lie below count. */
function storeSome(at: usize, values: v128, count: u32, position: u32): void {
  const to = at + ((<usize>position) << 2);
  if (position < count) store<f32>(to, f32x4.extract_lane(values, 0), 0);
  if (position + 1 < count) store<f32>(to, f32x4.extract_lane(values, 1), 4);
  if (position + 2 < count) store<f32>(to, f32x4.extract_lane(values, 2), 8);
  if (position + 3 < count) store<f32>(to, f32x4.extract_lane(values, 3), 12);
}

/** The first so many of 16. */
function storeSomeBytes(at: usize, bytes: v128, count: u32): void {
  const low = i64x2.extract_lane(bytes, 0);
  const high = i64x2.extract_lane(bytes, 1);
  for (let i: u32 = 0; i < count; i++) {
    const half = i < 8 ? low : high;
    store<u8>(at + i, <u8>(half >> (<i64>((i & 7) << 3))));
  }
}
