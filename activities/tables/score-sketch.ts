import type { PredictedRow } from '../../data/results.js';
import { binOf, bins } from '../../metrics/drift.js';

/** What scores are like, in counts that add up over chunks. */
export interface ScoreSketch {
  readonly rows: number;
  /** Of each label how many of its probabilities fall into each bin, and how many rows were given it. */
  readonly labels: readonly { readonly probabilities: readonly number[]; readonly positives: number }[];
}

/** Told the predictions of rows one by one. */
export class ScoreSketcher {
  private rows = 0;
  private readonly counts: Float64Array[];
  private readonly positives: Float64Array;

  constructor(labels: number) {
    this.counts = Array.from({ length: labels }, () => new Float64Array(bins));
    this.positives = new Float64Array(labels);
  }

  add({ probabilities, predictions }: Pick<PredictedRow, 'probabilities' | 'predictions'>): void {
    this.rows++;
    for (let label = 0; label < this.counts.length; label++) {
      this.counts[label]![binOf(probabilities[label]!)]! += 1;
      this.positives[label]! += predictions[label]!;
    }
  }

  sketch(): ScoreSketch {
    const labels = this.counts.map((counts, label) => ({
      probabilities: [...counts],
      positives: this.positives[label]!,
    }));
    return { rows: this.rows, labels };
  }
}
