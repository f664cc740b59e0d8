import { crossFit } from '../../metrics/cross-fitted.js';
import type { DecidedTwice } from '../../metrics/difference.js';
import { mean } from '../../metrics/f1.js';
import { unlearnt } from '../../metrics/nested.js';
import { byThresholds } from '../../metrics/thresholds.js';

/** Two runs over the same rows, each with features of its own, from which its folds learn. */
export interface TwoRuns {
  readonly rows: number;
  /** Share of the rows of which each label is true. */
  readonly rate: number;
  /** How far true rows lie above the others in the one feature that tells, of the first and of the second run. */
  readonly skills: readonly [base: number, other: number];
}

/** What both decided, and by how much the second is better on rows that neither has seen. */
export interface SimulatedRuns extends DecidedTwice {
  readonly known: number;
}

const width = 2;
const features = 8;
const folds = 5;
/** Spread of the logits. */
const spread = 0.9;

export function simulateRuns({ rows, rate, skills }: TwoRuns, draw: () => number): SimulatedRuns {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const labels = Uint8Array.from({ length: rows * width }, () => Number(draw() < rate));
  const foldOf = Int32Array.from({ length: rows }, (_, row) => 1 + (row % folds));
  const [base, other] = skills.map((skill) => trained({ labels, foldOf, rate, skill }, normal)) as [
    TrainedRun,
    TrainedRun,
  ];
  return { labels, width, base: base.decided, decided: other.decided, known: other.known - base.known };
}

interface TrainedRun {
  readonly decided: Uint8Array;
  /** Macro F1 on new rows, of the folds' models and thresholds. */
  readonly known: number;
}

interface Trained {
  readonly labels: Uint8Array;
  readonly foldOf: Int32Array;
  readonly rate: number;
  readonly skill: number;
}

/** A linear model for each fold and label, along the difference of the means; thresholds are cross-fitted. */
function trained({ labels, foldOf, rate, skill }: Trained, normal: () => number): TrainedRun {
  const rows = foldOf.length;
  const prior = Math.log(rate / (1 - rate));
  const probabilities = new Float32Array(rows * width);
  /** Of each label and fold: how far the logits of true rows lie above the others'. */
  const shifts: number[][] = [];
  for (let label = 0; label < width; label++) {
    const truth = (row: number): number => labels[row * width + label]!;
    const x = Float64Array.from(
      { length: rows * features },
      (_, entry) => normal() + (entry % features === 0 ? skill * truth(Math.floor(entry / features)) : 0),
    );
    shifts[label] = [];
    for (let fold = 1; fold <= folds; fold++) {
      const direction = new Float64Array(features);
      const counts = [0, 0];
      for (let row = 0; row < rows; row++) if (foldOf[row] !== fold) counts[truth(row)]! += 1;
      for (let row = 0; row < rows; row++) {
        if (foldOf[row] === fold) continue;
        const weight = truth(row) === 1 ? 1 / counts[1]! : -1 / counts[0]!;
        for (let each = 0; each < features; each++) direction[each]! += weight * x[row * features + each]!;
      }
      const length = Math.hypot(...direction);
      shifts[label]!.push((spread * skill * direction[0]!) / length);
      for (let row = 0; row < rows; row++) {
        if (foldOf[row] !== fold) continue;
        let z = 0;
        for (let each = 0; each < features; each++)
          z += (direction[each]! / length) * x[row * features + each]!;
        probabilities[row * width + label] = 1 / (1 + Math.exp(-prior - spread * z));
      }
    }
  }
  const { decided, tuned } = crossFit(unlearnt(probabilities), labels, foldOf, width, byThresholds);
  const f1 = shifts.map((ofFolds, label) => {
    const [hits, alarms] = [1, 0].map(
      (truth) =>
        tuned.reduce((sum, { by }, place) => {
          const bound = Math.log(by[label]!.threshold / (1 - by[label]!.threshold)) - prior;
          return sum + normalBelow((truth * ofFolds[place]! - bound) / spread);
        }, 0) / folds,
    ) as [number, number];
    return (2 * rate * hits) / (rate + rate * hits + (1 - rate) * alarms);
  });
  return { decided, known: mean(Float64Array.from(f1)) };
}

/** To within 1e-7 (Abramowitz and Stegun, 7.1.26). */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  const tail = series.reduceRight((sum, term) => (sum + term) * t, 0) * Math.exp(-x * x);
  return z > 0 ? 1 - tail / 2 : tail / 2;
}
