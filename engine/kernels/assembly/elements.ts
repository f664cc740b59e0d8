import { ARGUMENTS, CHUNK, PARTIALS } from './layout';

// Arguments: pointer, element count, float32 value; of `bound` a second pointer.
const VIEW = ARGUMENTS;
const COUNT = ARGUMENTS + 4;
const VALUE = ARGUMENTS + 8;
const BOUNDS = ARGUMENTS + 12;

/** Squares summed in float64, one partial sum per chunk. */
export function sumOfSquares(chunk: u32): void {
  const first = chunk * CHUNK;
  const count = min(load<u32>(COUNT) - first, CHUNK);
  const from = load<usize>(VIEW) + ((<usize>first) << 2);
  const end = from + ((<usize>(count & ~3)) << 2);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let at = from;
  for (; at < end; at += 16) {
    const x = v128.load(at);
    const a = f64x2.promote_low_f32x4(x);
    const b = f64x2.promote_low_f32x4(v128.shuffle<u64>(x, x, 1, 1));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sums = f64x2.add(low, high);
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (const last = from + ((<usize>count) << 2); at < last; at += 4) {
    const x = <f64>load<f32>(at);
    sum += x * x;
  }
  store<f64>(PARTIALS + ((<usize>chunk) << 3), sum);
}

export function scale(chunk: u32): void {
  const first = chunk * CHUNK;
  const count = min(load<u32>(COUNT) - first, CHUNK);
  const value = load<f32>(VALUE);
  const factor = f32x4.splat(value);
  let at = load<usize>(VIEW) + ((<usize>first) << 2);
  const last = at + ((<usize>count) << 2);
  const end = at + ((<usize>(count & ~3)) << 2);
  for (; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), factor));
  for (; at < last; at += 4) store<f32>(at, load<f32>(at) * value);
}

export function fill(chunk: u32): void {
  const first = chunk * CHUNK;
  const count = min(load<u32>(COUNT) - first, CHUNK);
  const value = load<f32>(VALUE);
  const all = f32x4.splat(value);
  let at = load<usize>(VIEW) + ((<usize>first) << 2);
  const last = at + ((<usize>count) << 2);
  const end = at + ((<usize>(count & ~3)) << 2);
  for (; at < end; at += 16) v128.store(at, all);
  for (; at < last; at += 4) store<f32>(at, value);
}

/** Each element within ± value · that of the second view. */
export function bound(chunk: u32): void {
  const first = chunk * CHUNK;
  const count = min(load<u32>(COUNT) - first, CHUNK);
  const value = load<f32>(VALUE);
  const share = f32x4.splat(value);
  const offset = (<usize>first) << 2;
  const view = load<usize>(VIEW) + offset;
  const bounds = load<usize>(BOUNDS) + offset;
  const last = (<usize>count) << 2;
  const end = (<usize>(count & ~3)) << 2;
  let i: usize = 0;
  for (; i < end; i += 16) {
    const most = f32x4.mul(f32x4.abs(v128.load(bounds + i)), share);
    v128.store(view + i, f32x4.max(f32x4.min(v128.load(view + i), most), f32x4.neg(most)));
  }
  for (; i < last; i += 4) {
    const most = abs<f32>(load<f32>(bounds + i)) * value;
    store<f32>(view + i, max<f32>(min<f32>(load<f32>(view + i), most), -most));
  }
}
