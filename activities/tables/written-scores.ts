import { writeFileSync } from 'node:fs';
import { openTestTable } from '../../data/prepared-table.js';
import { predictionLines, submissionLines, withoutHeader } from '../../data/results.js';
import { ScoreSketcher } from './score-sketch.js';
import { predictionsOf, type SubmissionRequest } from './submission.js';
import { writeLines } from './text-file.js';
import type { TextSketch } from './text-sketch.js';

export type ScoresRequest = Pick<SubmissionRequest, 'ensemble' | 'id' | 'target'> & {
  /** The rows of a chunk: a prepared test table. */
  readonly table: string;
  /** Probabilities in place of labels. */
  readonly probabilities: boolean;
  /** Whether these are the first rows of the table that is written. */
  readonly header: boolean;
  readonly texts: TextSketch;
  /** What is written: lines of the table, and what its texts and scores are like as JSON. */
  readonly output: { readonly scores: string; readonly sketch: string };
};

/** Writes what an ensemble says of a chunk's rows, as `submission.csv` and `predictions.csv` have it. */
export function writeScores(request: ScoresRequest): { rows: number } {
  const { ensemble, id, target, probabilities, header, texts, output } = request;
  const { labels } = ensemble;
  const table = openTestTable(request.table);
  const predicted = predictionsOf(ensemble, table);
  const sketcher = new ScoreSketcher(labels.length);
  try {
    const lines = probabilities
      ? predictionLines({ id, labels, rows: predicted.rows() })
      : submissionLines({ id, labels, target, rows: predicted.rows() });
    writeLines(output.scores, header ? lines : withoutHeader(lines));
    for (const each of predicted.rowsByOne()) sketcher.add(each);
    writeFileSync(output.sketch, JSON.stringify({ texts, scores: sketcher.sketch() }));
    return { rows: table.texts.length };
  } finally {
    predicted.close();
    table.close();
  }
}
