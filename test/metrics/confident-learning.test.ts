import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findColumnIssues, findLabelIssues, type LabelIssues } from '../../metrics/confident-learning.js';
import { column } from '../../metrics/matrix.js';

interface Answer {
  ranked: number[];
  joint: number[][];
  scores: number[];
}
interface Golden {
  labels: {
    name: string;
    width: number;
    probabilities: number[];
    labels: number[];
    columns: (Answer | null)[];
    rows: number[] | null;
  }[];
  classes: {
    name: string;
    width: number;
    probabilities: number[];
    classes: number[];
    issues: Answer | null;
  }[];
}
const path = join(import.meta.dirname, '../golden/metrics/label_issues.json');
const { labels, classes } = JSON.parse(readFileSync(path, 'utf8')) as Golden;

function expectEqual(found: LabelIssues, { ranked, joint, scores }: Answer): void {
  expect([...found.ranked]).toEqual(ranked);
  expect([...found.joint]).toEqual(joint.flat());
  scores.forEach((score, row) => expect(found.scores[row]).toBeCloseTo(score, 12));
}

describe('label issues are those of cleanlab', () => {
  it.each(labels)('of each label alone, and of the rows: $name', (golden) => {
    const { width, columns, rows } = golden;
    const truth = Uint8Array.from(golden.labels);
    const probabilities = Float32Array.from(golden.probabilities);
    const found = columns.map((_, label) =>
      findColumnIssues(column(truth, width, label), column(probabilities, width, label)),
    );
    columns.forEach((answer, label) => {
      // Where every row has the label cleanlab refuses: then there is nothing to find.
      if (answer === null) expect([...found[label]!.ranked]).toEqual([]);
      else expectEqual(found[label]!, answer);
    });
    const together = new Set(found.flatMap(({ ranked }) => [...ranked]));
    expect([...together].sort((a, b) => a - b)).toEqual(rows ?? []);
  });

  it.each(classes)('of classes: $name', ({ width, classes: given, probabilities, issues }) => {
    const found = findLabelIssues(Int32Array.from(given), Float32Array.from(probabilities), width);
    if (issues === null) expect([...found.ranked]).toEqual([]);
    else expectEqual(found, issues);
  });

  it('of no rows there are none', () => {
    expect([...findLabelIssues(new Int32Array(), new Float32Array(), 3).ranked]).toEqual([]);
    expect([...findColumnIssues(new Uint8Array(), new Float32Array()).ranked]).toEqual([]);
  });
});
