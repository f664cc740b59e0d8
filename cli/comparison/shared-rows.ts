import { table } from 'arquero';
import { InputFault } from '../../errors/fault.js';
import type { RowCounts } from '../../report/comparison/comparison.js';
import type { JudgedRun } from './judged-run.js';

/** The rows and labels by which one run can be held against another. */
export interface SharedRows {
  /** Labels of both, in an order that does not depend on which run is named first. */
  readonly labels: readonly string[];
  /** Places of the shared rows in the tables of either, pair by pair, in such an order too. */
  readonly base: Int32Array;
  readonly run: Int32Array;
  readonly counts: RowCounts;
}

/** Of a row that the other run does not have. */
const none = -1;

/**
 * The rows that both runs judged, of the labels that both have. Where both had the same texts in the same order
 * these are the rows at the same places, else those of the same id; and of these the ones of which both runs were
 * told the same by every shared label.
 *
 * @throws InputFault where nothing is shared, or nothing says what is
 */
export function sharedRows(base: JudgedRun, run: JudgedRun): SharedRows {
  const where = `${base.result.run} and ${run.result.run}`;
  const labels = base.result.labels.filter((label) => run.result.labels.includes(label)).toSorted();
  if (labels.length === 0) throw nothingShared(where, 'no label');
  const partners = partnersOf(base, run, where);
  const haveSameTruth = truthComparison(base, run, labels);
  const [judgedByBase, judgedByRun] = [new Set(base.judged), new Set(run.judged)];
  const rows: number[] = [];
  let [known, unjudged, otherTruth] = [0, 0, 0];
  partners.forEach((partner, row) => {
    if (partner === none) return;
    known++;
    if (!judgedByBase.has(row) || !judgedByRun.has(partner)) unjudged++;
    else if (!haveSameTruth(row, partner)) otherTruth++;
    else rows.push(row);
  });
  if (rows.length === 0) throw nothingShared(where, 'no row');
  const ordered = inOneOrder(rows, partners, base.ids);
  const counts = {
    shared: rows.length,
    onlyBase: base.ids.length - known,
    onlyRun: run.ids.length - known,
    unjudged,
    otherTruth,
  };
  return { labels, base: ordered, run: ordered.map((row) => partners[row]!), counts };
}

/** Of each row of the base, its place in the other table. */
function partnersOf(base: JudgedRun, run: JudgedRun, where: string): Int32Array {
  const [texts, others] = [base.result.data?.texts, run.result.data?.texts];
  if (texts !== undefined && texts === others && base.ids.length === run.ids.length)
    return Int32Array.from(base.ids.keys());
  if (isNumbered(base) && isNumbered(run)) {
    // Older results do not tell their texts; where all labels agree they are taken to be the same.
    const known = texts !== undefined && others !== undefined;
    if (known || !haveSameTruths(base, run)) throw nothingNamed(where);
  }
  if ([base.ids, run.ids].some((ids) => new Set(ids).size < ids.length)) throw namedTwice(where);
  const placed = ({ ids }: JudgedRun) => table({ id: [...ids], place: [...ids.keys()] });
  const joined = placed(base).join(placed(run), 'id', ['place', 'place'], { suffix: ['', 'OfRun'] });
  const partners = new Int32Array(base.ids.length).fill(none);
  for (const pair of joined.objects() as Pair[]) partners[pair.place] = pair.placeOfRun;
  return partners;
}

interface Pair {
  readonly place: number;
  readonly placeOfRun: number;
}

/** Whether the ids are but the places of the rows, as of a table without an id column. */
function isNumbered({ ids, result }: JudgedRun): boolean {
  return result.configuration.data.id === undefined && ids.every((id, row) => id === String(row));
}

function haveSameTruths(base: JudgedRun, run: JudgedRun): boolean {
  if (base.ids.length !== run.ids.length) return false;
  const labels = base.result.labels.filter((label) => run.result.labels.includes(label));
  const haveSameTruth = truthComparison(base, run, labels);
  return base.ids.every((_, row) => haveSameTruth(row, row));
}

type TruthComparison = (rowOfBase: number, rowOfRun: number) => boolean;

function truthComparison(base: JudgedRun, run: JudgedRun, labels: readonly string[]): TruthComparison {
  const [ofBase, ofRun] = [base.result.labels, run.result.labels];
  const places = labels.map((label) => [ofBase.indexOf(label), ofRun.indexOf(label)] as const);
  return (rowOfBase, rowOfRun) =>
    places.every(
      ([a, b]) => base.truth[rowOfBase * ofBase.length + a] === run.truth[rowOfRun * ofRun.length + b],
    );
}

/** The order of both tables where it is one, else that of the ids: the same whichever run is named first. */
function inOneOrder(rows: readonly number[], partners: Int32Array, ids: readonly string[]): Int32Array {
  const isOne = rows.every((row, place) => place === 0 || partners[row]! > partners[rows[place - 1]!]!);
  return Int32Array.from(isOne ? rows : rows.toSorted((a, b) => (ids[a]! < ids[b]! ? -1 : 1)));
}

function nothingShared(where: string, found: string): InputFault {
  return new InputFault({
    where,
    what: 'the runs cannot be compared: a difference is told of what both judged',
    found: `${found} that both have, with the same labels`,
    remedy: 'Compare runs over tables that share rows, by the same ids and names of labels.',
  });
}

function nothingNamed(where: string): InputFault {
  return new InputFault({
    where,
    what: 'the runs cannot be compared: their tables differ, and nothing says which rows are the same',
    found: 'rows that are numbered',
    expected: 'an id column in both tables',
    remedy: 'Give the rows ids, name the column by data.id, and run both again.',
  });
}

function namedTwice(where: string): InputFault {
  return new InputFault({
    where,
    what: 'the runs cannot be compared: an id names two rows',
    expected: 'the out-of-fold predictions that the runs wrote',
  });
}
