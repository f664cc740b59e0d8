import type { Difference } from '../../metrics/difference.js';
import { foldTotal } from '../../pipeline/folds.js';
import type { DrawnSection } from '../frame.js';
import { html, nothing, type Html } from '../html.js';
import { count, duration, score } from '../notation.js';
import { folded } from '../parts.js';
import { fileName, withoutFolders } from '../places.js';
import { intervalStrip } from '../plots/interval-strip.js';
import { intervalWords } from '../skill-words.js';
import { dataTable, type CellKind, type Column } from '../table.js';
import type { ComparedRun, Comparison, Differing, RunPair } from './comparison.js';
import { amountWords, basisSentence, caution, differenceWords, verdictSentence } from './words.js';

/** Labels of which a pair's table is open from the start. */
const openLabels = 30;
/** Of a digest, as many digits as tell tables apart. */
const shortDigest = 12;

/** Which runs are better than the base, in words and as one table. */
export function verdictSection({ pairs }: Comparison): DrawnSection {
  const range = rangeOf(pairs.map(({ macro }) => macro));
  const columns: Column<RunPair>[] = [
    { head: 'run', cell: ({ run }) => run },
    { head: 'base', cell: ({ macro }) => score(macro.base) },
    { head: 'run', cell: ({ macro }) => score(macro.f1), kind: 'honest' },
    ...differenceColumns<RunPair>(({ macro }) => macro, range),
    { head: 'rows', cell: ({ rows }) => count(rows.shared) },
  ];
  return {
    id: 'verdict',
    title: 'Is it better?',
    content: html`<div class="summary">
        ${pairs.map(
          (pair) =>
            html`<p>
                <span class="verdict ${pair.macro.verdict === 'better' ? '' : 'doubted'}"
                  >${differenceWords[pair.macro.verdict]}</span
                >
              </p>
              <p>${verdictSentence(pair)}</p>
              <p class="words">${basisSentence(pair)}</p>`,
        )}
      </div>
      ${dataTable({ label: 'Difference in cross-fitted macro F1', columns, rows: pairs })}`,
  };
}

/** A label's, or at the foot of the table the mean's. */
type LabelRow = Difference & { readonly label: string; readonly support: number | null };

/** Each pair label by label. */
export function labelsSection({ pairs }: Comparison): DrawnSection {
  return {
    id: 'labels',
    title: 'Label by label',
    content: html`<p class="words">
        F1 of each label, cross-fitted, over the shared rows. The line has no difference in its middle, the
        tick; the dot is the difference and the bar its interval.
      </p>
      ${pairs.map((pair) => labelTable(pair, pairs.length > 1))}`,
  };
}

function labelTable({ base, run, perLabel, macro }: RunPair, titled: boolean): Html {
  const range = rangeOf(perLabel);
  const columns: Column<LabelRow>[] = [
    { head: 'label', cell: ({ label }) => label },
    { head: 'base', cell: (each) => score(each.base) },
    { head: 'run', cell: ({ f1 }) => score(f1), kind: 'honest' },
    ...differenceColumns<LabelRow>((each) => each, range),
    { head: 'decided differently', cell: ({ differing }) => count(differing) },
    { head: 'support', cell: ({ support }) => (support === null ? '' : count(support)) },
  ];
  const foot: LabelRow = { ...macro, label: 'macro', support: null };
  const table = dataTable({
    label: `${run} against ${base}, by label`,
    columns,
    rows: perLabel,
    foot: [foot],
  });
  return html`${titled ? html`<h3>${run} against ${base}</h3>` : nothing}
  ${perLabel.length > openLabels ? folded(`All ${perLabel.length} labels`, table) : table}`;
}

function differenceColumns<Row>(
  of: (row: Row) => Difference,
  range: readonly [number, number],
): Column<Row>[] {
  const kindOf = (row: Row): CellKind =>
    of(row).verdict === 'better' ? 'text honest' : of(row).verdict === 'worse' ? 'text doubt' : 'text';
  return [
    { head: 'difference, 95 % interval', cell: (row) => amountWords(of(row)) },
    {
      head: `${amount(range[0])} … ${amount(range[1])}`,
      cell: (row) => intervalStrip(of(row).difference, of(row).interval, 0, range),
    },
    { head: 'verdict', cell: (row) => differenceWords[of(row).verdict], kind: kindOf },
  ];
}

/** One scale for all differences of a table, even on both sides of none. */
function rangeOf(differences: readonly Difference[]): [number, number] {
  const ends = differences.flatMap(({ interval }) => interval).filter(Number.isFinite);
  const most = Math.max(0.05, ...ends.map(Math.abs));
  const rounded = Math.ceil(most * 20) / 20;
  return [-rounded, rounded];
}

function amount(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

/** In what the runs differ: settings and versions, each with the value of every run. */
export function differencesSection({ runs, settings, versions }: Comparison): DrawnSection {
  const columns = (what: string): Column<Differing>[] => [
    { head: what, cell: ({ path }) => path },
    ...runs.map(({ result }, place): Column<Differing> => ({
      head: result.run,
      cell: ({ values }) => valueWords(values[place], runs[place]!),
      kind: 'text',
    })),
  ];
  const table = (what: string, label: string, rows: readonly Differing[]): Html =>
    rows.length === 0
      ? nothing
      : html`<h3>${label}</h3>
          ${dataTable({ label, columns: columns(what), rows })}`;
  return {
    id: 'differences',
    title: 'What differs',
    content: html`${
      settings.length + versions.length === 0
        ? html`<p class="words">The runs have the same settings and the same versions.</p>`
        : nothing
    }${table('setting', 'Settings', settings)}${table('component', 'Versions', versions)}`,
  };
}

function valueWords(value: unknown, { result }: ComparedRun): string {
  if (value === undefined) return 'absent';
  return withoutFolders(typeof value === 'string' ? value : JSON.stringify(value), result.configuration);
}

/** The runs side by side: their data and scores over all their own rows, and the time they took. */
export function runsSection({ runs }: Comparison): DrawnSection {
  const columns: Column<ComparedRun>[] = [
    { head: 'run', cell: ({ result }) => result.run },
    {
      head: 'macro F1, cross-fitted',
      cell: ({ result }) => score(result.macroF1.crossFitted),
      kind: 'honest',
    },
    {
      head: '95 % interval',
      cell: ({ result }) => intervalWords(result.assessment?.macro.intervals.crossFitted ?? [NaN, NaN]),
    },
    { head: 'tuned, optimistic', cell: ({ result }) => score(result.macroF1.tuned) },
    { head: 'training table', cell: ({ result }) => fileName(result.configuration.data.train), kind: 'text' },
    { head: 'rows', cell: ({ result }) => count(result.rows.train) },
    { head: 'digest', cell: ({ result }) => result.data?.rows.slice(0, shortDigest) ?? score(null) },
    { head: 'labels', cell: ({ result }) => count(result.labels.length) },
    { head: 'folds', cell: ({ result }) => foldWords(result) },
    { head: 'steps took', cell: ({ seconds }) => duration(seconds) },
    { head: 'training took', cell: ({ trainingSeconds }) => duration(trainingSeconds) },
  ];
  return {
    id: 'runs',
    title: 'The runs',
    content: html`<p class="words">
        Each over all its own rows and labels. The same digest means the same texts and labels in the same
        order. Reused steps take no time; training is that of all folds together, whenever they were trained.
      </p>
      ${dataTable({ label: 'The runs', columns, rows: runs })}`,
  };
}

function foldWords({ configuration, members = [] }: ComparedRun['result']): string {
  const folds = foldTotal(configuration.folds);
  return members.length > 1 ? `${folds} × ${members.length}` : String(folds);
}

/** How it was computed, and what it does not say. */
export function methodSection(comparison: Comparison): DrawnSection {
  return {
    id: 'method',
    title: 'How to read this',
    content: html`<p class="words">
        Both runs’ decisions of the same rows are held against each other: those of the cross-fitted score,
        where a row is decided by models and thresholds that have not seen it. The interval is that of a
        paired bootstrap over the rows, √2 as wide: each row is judged by what was learnt on others, and they
        by what was learnt on it, so that pairs of rows count twice.
      </p>
      <p class="words">
        ${caution(comparison)} “Not shown to differ” is not shown to be equal: the interval says how large a
        difference there may still be. Of fewer than six rows that are decided differently none is shown.
      </p>`,
  };
}
