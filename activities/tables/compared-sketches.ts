import { readFileSync } from 'node:fs';
import { driftBetween, levelOf, type Drift, type DriftLevel } from '../../metrics/drift.js';
import type { DriftReference } from './drift-reference.js';
import type { ScoreSketch } from './score-sketch.js';
import type { TextSketch } from './text-sketch.js';

export interface ComparedRequest {
  /** The file of a `DriftReference`. */
  readonly reference: string;
  /** Of each chunk the file of its `ChunkSketch`. */
  readonly sketches: readonly string[];
  readonly labels: readonly string[];
}

/** What the texts and scores of a chunk are like. */
export interface ChunkSketch {
  readonly texts: TextSketch;
  readonly scores: ScoreSketch;
}

export type Compared = Drift & { readonly level: DriftLevel };

export interface ComparedRows {
  readonly level: DriftLevel;
  readonly texts: {
    readonly lengths: Compared;
    readonly empty: Compared;
    readonly otherScript: Compared;
  } | null;
  readonly labels: Readonly<
    Record<string, { readonly probabilities: Compared; readonly positives: Compared }>
  >;
  readonly warnings: string[];
}

/** That chance alone makes any of the comparisons of a scoring stand out. */
const chanceOfAny = 0.01;

/** How far the rows of all chunks are from the training rows. */
export function compareSketches({ reference: file, sketches, labels }: ComparedRequest): ComparedRows {
  const reference = JSON.parse(readFileSync(file, 'utf8')) as DriftReference;
  const found = addedUp(sketches, labels.length);
  const comparisons = 2 * labels.length + (reference.texts === null ? 0 : 3);
  const compare = (one: readonly number[], other: readonly number[]): Compared => {
    const drift = driftBetween(one, other, chanceOfAny / comparisons);
    return { ...drift, level: levelOf(drift) };
  };
  const texts = reference.texts === null ? null : comparedTexts(reference.texts, found.texts, compare);
  const byLabel = labels.map((label, place) => {
    const [one, other] = [reference.scores.labels[place]!, found.scores.labels[place]!];
    const compared = {
      probabilities: compare(one.probabilities, other.probabilities),
      positives: compare(
        share(one.positives, reference.scores.rows),
        share(other.positives, found.scores.rows),
      ),
    };
    return [label, compared] as const;
  });
  const all = [...Object.values(texts ?? {}), ...byLabel.flatMap(([, compared]) => Object.values(compared))];
  return {
    level: worst(all.map(({ level }) => level)),
    texts,
    labels: Object.fromEntries(byLabel),
    warnings: warningsOf(texts, byLabel),
  };
}

function comparedTexts(
  reference: TextSketch,
  found: AddedTexts,
  compare: (one: readonly number[], other: readonly number[]) => Compared,
): NonNullable<ComparedRows['texts']> {
  const train = new Map(reference.lengths);
  const lengths = [...new Set([...train.keys(), ...found.lengths.keys()])].sort((a, b) => a - b);
  const counts = (of: ReadonlyMap<number, number>): number[] => lengths.map((length) => of.get(length) ?? 0);
  return {
    lengths: compare(counts(train), counts(found.lengths)),
    empty: compare(share(reference.empty, reference.rows), share(found.empty, found.rows)),
    otherScript: compare(share(reference.otherScript, reference.rows), share(found.otherScript, found.rows)),
  };
}

type AddedTexts = Pick<TextSketch, 'rows' | 'empty' | 'otherScript'> & {
  readonly lengths: Map<number, number>;
};

function addedUp(files: readonly string[], width: number): { texts: AddedTexts; scores: ScoreSketch } {
  const texts = { rows: 0, empty: 0, otherScript: 0, lengths: new Map<number, number>() };
  let rows = 0;
  const labels = Array.from({ length: width }, () => ({ probabilities: [] as number[], positives: 0 }));
  for (const file of files) {
    const sketch = JSON.parse(readFileSync(file, 'utf8')) as ChunkSketch;
    texts.rows += sketch.texts.rows;
    texts.empty += sketch.texts.empty;
    texts.otherScript += sketch.texts.otherScript;
    for (const [length, count] of sketch.texts.lengths)
      texts.lengths.set(length, (texts.lengths.get(length) ?? 0) + count);
    rows += sketch.scores.rows;
    for (const [place, label] of labels.entries()) {
      const { probabilities, positives } = sketch.scores.labels[place]!;
      label.positives += positives;
      label.probabilities = probabilities.map((count, bin) => count + (label.probabilities[bin] ?? 0));
    }
  }
  return { texts, scores: { rows, labels } };
}

/** Of a property that a row has or has not. */
function share(having: number, rows: number): number[] {
  return [rows - having, having];
}

function worst(levels: readonly DriftLevel[]): DriftLevel {
  return (['large', 'moderate'] as const).find((level) => levels.includes(level)) ?? 'none';
}

function warningsOf(
  texts: ComparedRows['texts'],
  labels: readonly (readonly [string, ComparedRows['labels'][string]])[],
): string[] {
  const told = (what: string, { level, psi, ks }: Compared): string[] =>
    level === 'none'
      ? []
      : [
          `${what}: a ${level} shift (index ${psi.toFixed(2)}, largest difference of shares ${ks.toFixed(2)}).`,
        ];
  return [
    ...(texts === null
      ? []
      : [
          ...told('The lengths of the texts differ from those of the training texts', texts.lengths),
          ...told('The share of empty texts differs from that of the training texts', texts.empty),
          ...told(
            'The share of texts in other scripts than Latin differs from that of the training texts',
            texts.otherScript,
          ),
        ]),
    ...labels.flatMap(([label, { probabilities, positives }]) => [
      ...told(`The probabilities of ${label} differ from those out of fold`, probabilities),
      ...told(`The share of rows that are given ${label} differs from that out of fold`, positives),
    ]),
  ];
}
