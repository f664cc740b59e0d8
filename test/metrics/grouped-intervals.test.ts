import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawRows } from '../../activities/tables/score-table.js';
import {
  bootstrapIntervals,
  confidence,
  countOutcomes,
  drawingGroups,
  drawingOf,
  outcomesOf,
  type DrawRows,
  type Interval,
} from '../../metrics/bootstrap.js';
import { f1, f1OfOutcomes } from '../../metrics/f1.js';
import { gainOver } from '../../metrics/gain.js';
import { unlearnt } from '../../metrics/nested.js';
import { tasks } from '../../tasks/index.js';
import { drawnByRule, seeded } from './cases.js';

interface Case {
  readonly name: string;
  readonly width: number;
  readonly groups: number[];
  readonly labels: number[];
  readonly decisions: [number[], number[]];
  readonly f1: [number, number];
  readonly gain: [number, number];
}
const path = join(import.meta.dirname, '../golden/metrics/groups.json');
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly Case[] };

function macroInterval(labels: Uint8Array, decided: Uint8Array, width: number, draw: DrawRows): Interval {
  const outcomes = outcomesOf(labels, [decided], width, draw);
  const { kinds } = outcomes;
  const macro = (counts: Float64Array): number =>
    Array.from({ length: width }, (_, label) => f1OfOutcomes(counts, label * kinds, kinds, 0)).reduce(
      (sum, score) => sum + score / width,
      0,
    );
  return bootstrapIntervals(outcomes, draw, (counts) => [macro(counts)])[0]!;
}

describe.each(cases)('intervals by groups equal NumPy’s: $name', (each) => {
  const { width } = each;
  const labels = Uint8Array.from(each.labels);
  const [one, other] = each.decisions.map((values) => Uint8Array.from(values)) as [Uint8Array, Uint8Array];
  const draw = drawingGroups(drawnByRule, Int32Array.from(each.groups));

  it('of a score', () => {
    const found = macroInterval(labels, one, width, draw);
    each.f1.forEach((bound, place) => expect(found[place]).toBeCloseTo(bound, 12));
  });

  it('of a gain', () => {
    const found = gainOver(other, one, labels, width, draw)!.interval;
    each.gain.forEach((bound, place) => expect(found[place]).toBeCloseTo(bound, 12));
  });
});

it('of more groups than are resampled one by one no row is lost', () => {
  const rows = 30_000;
  const next = seeded(3);
  const labels = Uint8Array.from({ length: rows }, () => Number(next() < 0.3));
  const groups = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 2));
  const outcomes = outcomesOf(labels, [labels], 1, drawingGroups(drawRows, groups));
  expect(countOutcomes(outcomes).at(-1)).toBe(rows);
  expect(outcomes.starts).toHaveLength(5001);
});

it('rows that no fold predicted are in no group that is drawn', () => {
  const groups = Int32Array.from([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  const truth = Uint8Array.from([1, 1, 0, 0, 1, 0, 1, 0, 0, 1]);
  const p = Float32Array.from([0.9, 0.8, 0.2, 0.6, 0.7, 0.4, NaN, NaN, 0.3, 0.9]);
  const folds = Int32Array.from([1, 1, 2, 2, 1, 1, 3, 3, 2, 2]);
  const kept = Int32Array.from([0, 1, 2, 3, 4, 5, 8, 9]);
  const task = tasks['multi-label'];
  const all = task.scoreOutOfFold(unlearnt(p), truth, folds, 1, drawingGroups(drawRows, groups));
  const pick = <T extends Uint8Array | Float32Array | Int32Array>(values: T): T =>
    values.filter((_, row) => kept.includes(row)) as T;
  const some = task.scoreOutOfFold(
    unlearnt(pick(p)),
    pick(truth),
    pick(folds),
    1,
    drawingOf(drawingGroups(drawRows, groups), kept),
  );
  expect(all.assessment).toEqual(some.assessment);
  expect(all.assessment!.macro.intervals.crossFitted[0]).toBeLessThan(1);
});

/**
 * Rows of one author are alike: in what is true of them, and in how well it is found. How often does the interval
 * hold the F1 that is reached on very many authors?
 */
describe('where rows of a group are alike', () => {
  const [tables, rowsOf] = [100, 8];
  const next = seeded(11);

  function sample(authors: number): { labels: Uint8Array; decided: Uint8Array; groups: Int32Array } {
    const labels = new Uint8Array(authors * rowsOf);
    const decided = new Uint8Array(authors * rowsOf);
    for (let author = 0; author < authors; author++) {
      const [rate, hits, falls] = [0.05 + 0.9 * next(), next() < 0.5 ? 0.95 : 0.4, 0.4 * next()];
      for (let row = author * rowsOf; row < (author + 1) * rowsOf; row++) {
        labels[row] = Number(next() < rate);
        decided[row] = Number(next() < (labels[row] === 1 ? hits : falls));
      }
    }
    const groups = Int32Array.from(labels, (_, row) => Math.floor(row / rowsOf));
    return { labels, decided, groups };
  }

  const { labels: many, decided: by } = sample(60_000);
  const truth = f1(many, by);

  /** The share of tables whose interval holds the true score. */
  function held(authors: number): { byGroups: number; byRows: number } {
    let [byGroups, byRows] = [0, 0];
    const isHeld = ([from, to]: Interval): number => Number(from <= truth && truth <= to);
    for (let table = 0; table < tables; table++) {
      const { labels, decided, groups } = sample(authors);
      byGroups += isHeld(macroInterval(labels, decided, 1, drawingGroups(drawRows, groups))) / tables;
      byRows += isHeld(macroInterval(labels, decided, 1, drawRows)) / tables;
    }
    const told = [byGroups, byRows].map((share) => `${(100 * share).toFixed(0)} %`);
    console.log(`of ${tables} tables of ${authors} authors: held ${told[0]} by groups, ${told[1]} by rows`);
    return { byGroups, byRows };
  }
  const slack = 3 * Math.sqrt((confidence * (1 - confidence)) / tables);

  it('intervals by groups hold the true score in 95 of 100 tables, and intervals by rows in far fewer', () => {
    const { byGroups, byRows } = held(60);
    expect(Math.abs(byGroups - confidence)).toBeLessThan(slack);
    expect(byRows).toBeLessThan(confidence - slack);
  });

  it('intervals of very few groups are too narrow, of which the data warn', () => {
    expect(held(6).byGroups).toBeLessThan(confidence);
  });
});
