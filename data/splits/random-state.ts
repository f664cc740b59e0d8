const stateSize = 624;
const shiftSize = 397;

/**
 * NumPy's legacy `RandomState`: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded
 * by one integer.
 */
export class RandomState {
  readonly #state = new Uint32Array(stateSize);
  #position = stateSize;

  /** @param seed 0 … 2³² − 1 */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw new RangeError(`a seed is a whole number from 0 to 2^32 - 1, not ${seed}`);
    }
    this.#state[0] = seed;
    for (let i = 1; i < stateSize; i++) {
      const last = this.#state[i - 1]!;
      this.#state[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i;
    }
  }

  /** The next 32 random bits. */
  uint32(): number {
    if (this.#position === stateSize) this.#twist();
    let y = this.#state[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** Uniform over 0 … `max` inclusive, by rejection under the smallest mask of ones that covers `max`. */
  upTo(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** Shuffles in place, as `RandomState.shuffle` does a one-dimensional array. */
  shuffle(values: Int32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.upTo(i);
      [values[i], values[j]] = [values[j]!, values[i]!];
    }
  }

  #twist(): void {
    for (let i = 0; i < stateSize; i++) {
      const y = (this.#state[i]! & 0x80000000) | (this.#state[(i + 1) % stateSize]! & 0x7fffffff);
      const odd = y & 1 ? 0x9908b0df : 0;
      this.#state[i] = this.#state[(i + shiftSize) % stateSize]! ^ (y >>> 1) ^ odd;
    }
    this.#position = 0;
  }
}

/** A seed, or a generator that goes on where it stands: as scikit-learn's `random_state`. */
export type Seed = number | RandomState;

export function randomStateOf(seed: Seed): RandomState {
  return typeof seed === 'number' ? new RandomState(seed) : seed;
}
