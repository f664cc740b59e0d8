/** A small seeded generator (mulberry32), uniform over [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Case {
  readonly rows: number;
  readonly width: number;
  readonly probabilities: Float32Array;
  readonly labels: Uint8Array;
  readonly folds: Int32Array;
}

/** A generated table: few or many rows, rare or frequent labels, coarse scores with ties. */
export function generatedCase(seed: number): Case {
  const draw = seeded(seed);
  const rows = 1 + Math.floor(draw() * 60);
  const width = 1 + Math.floor(draw() * 5);
  const rate = draw();
  const levels = 2 + Math.floor(draw() * 40);
  const fill = (make: () => number): number[] => Array.from({ length: rows * width }, make);
  return {
    rows,
    width,
    probabilities: Float32Array.from(fill(() => Math.floor(draw() * (levels + 1)) / levels)),
    labels: Uint8Array.from(fill(() => (draw() < rate ? 1 : 0))),
    folds: Int32Array.from({ length: rows }, () => 1 + Math.floor(draw() * 4)),
  };
}

/** Likelihoods of one to six members that are right more or less often. */
export function generatedMembers(seed: number): Float32Array[] {
  const draw = seeded(seed);
  const members = 1 + Math.floor(draw() * 6);
  const observations = 20 + Math.floor(draw() * 200);
  return Array.from({ length: members }, () => {
    const skill = draw();
    return Float32Array.from({ length: observations }, () => Math.min(1, skill * draw() + draw() * 0.5));
  });
}

/** The rule by which the generators of goldens draw the rows of a resample. */
export function drawnByRule(resample: number, rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, place) => {
    const word = Math.imul(Math.imul(place + 1, 2 * resample + 1), 2654435761) >>> 16;
    return word % rows;
  });
}
