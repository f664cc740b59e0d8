import { ARGUMENTS, CHUNK } from './layout';

// Arguments: four pointers, the element count, then float32 scalars.
const WEIGHTS = ARGUMENTS;
const GRADIENTS = ARGUMENTS + 4;
const FIRST = ARGUMENTS + 8;
const SECOND = ARGUMENTS + 12;
const COUNT = ARGUMENTS + 16;
const SCALE = ARGUMENTS + 20;
const DECAY = ARGUMENTS + 24;
const ONE_MINUS_BETA1 = ARGUMENTS + 28;
const BETA2 = ARGUMENTS + 32;
const ONE_MINUS_BETA2 = ARGUMENTS + 36;
const ROOT_CORRECTION2 = ARGUMENTS + 40;
const EPSILON = ARGUMENTS + 44;
const MINUS_STEP = ARGUMENTS + 48;

/**
 * Decoupled weight decay (Loshchilov and Hutter 2019) in the order of PyTorch's AdamW. Every operation
 * rounds by itself, so the bits are the same on every machine; PyTorch fuses some products where the
 * processor can.
 */
export function adamw(chunk: u32): void {
  const first = chunk * CHUNK;
  const count = min(load<u32>(COUNT) - first, CHUNK);
  const offset = (<usize>first) << 2;
  const end = (<usize>(count & ~3)) << 2;
  const w = load<usize>(WEIGHTS) + offset;
  const g = load<usize>(GRADIENTS) + offset;
  const m = load<usize>(FIRST) + offset;
  const v = load<usize>(SECOND) + offset;
  const scale = f32x4.splat(load<f32>(SCALE));
  const decay = f32x4.splat(load<f32>(DECAY));
  const oneMinusBeta1 = f32x4.splat(load<f32>(ONE_MINUS_BETA1));
  const beta2 = f32x4.splat(load<f32>(BETA2));
  const oneMinusBeta2 = f32x4.splat(load<f32>(ONE_MINUS_BETA2));
  const rootCorrection2 = f32x4.splat(load<f32>(ROOT_CORRECTION2));
  const epsilon = f32x4.splat(load<f32>(EPSILON));
  const minusStep = f32x4.splat(load<f32>(MINUS_STEP));
  for (let i: usize = 0; i < end; i += 16) {
    const gradient = f32x4.mul(v128.load(g + i), scale);
    const m0 = v128.load(m + i);
    const m1 = f32x4.add(m0, f32x4.mul(oneMinusBeta1, f32x4.sub(gradient, m0)));
    const square = f32x4.mul(f32x4.mul(oneMinusBeta2, gradient), gradient);
    const v1 = f32x4.add(f32x4.mul(v128.load(v + i), beta2), square);
    const denominator = f32x4.add(f32x4.div(f32x4.sqrt(v1), rootCorrection2), epsilon);
    const update = f32x4.div(f32x4.mul(minusStep, m1), denominator);
    v128.store(m + i, m1);
    v128.store(v + i, v1);
    v128.store(w + i, f32x4.add(f32x4.mul(v128.load(w + i), decay), update));
  }
  for (let i = end; i < (<usize>count) << 2; i += 4) {
    const gradient = load<f32>(g + i) * load<f32>(SCALE);
    const m0 = load<f32>(m + i);
    const m1 = m0 + load<f32>(ONE_MINUS_BETA1) * (gradient - m0);
    const v1 = load<f32>(v + i) * load<f32>(BETA2) + load<f32>(ONE_MINUS_BETA2) * gradient * gradient;
    const denominator = sqrt<f32>(v1) / load<f32>(ROOT_CORRECTION2) + load<f32>(EPSILON);
    store<f32>(m + i, m1);
    store<f32>(v + i, v1);
    store<f32>(w + i, load<f32>(w + i) * load<f32>(DECAY) + (load<f32>(MINUS_STEP) * m1) / denominator);
  }
}
