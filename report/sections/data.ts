import { html, nothing, type Html } from '../html.js';
import { count, percent } from '../notation.js';
import { folded } from '../parts.js';
import { modelName } from '../places.js';
import type { RunResult } from '../run-result.js';
import type { Section } from '../section.js';
import { dataTable } from '../table.js';

type Facts = NonNullable<RunResult['facts']>;
type Line = readonly [name: string, train: string, test: string | null];

/** What the tables are like: what was looked at before anything was trained. */
export const dataSection: Section = {
  id: 'data',
  title: 'Data',
  draw: ({ result: { facts, labels } }) => {
    if (facts === undefined) return null;
    const { repeated, test } = facts;
    return html`<p class="words">
        What the tables are like, beside each other. Texts count as the same whatever their case and blanks;
        rows are numbered from 1, the header not counted.
      </p>
      ${dataTable({
        label: 'The tables',
        rows: lines(facts),
        columns: [
          { head: 'of the texts', cell: ([name]) => name },
          { head: 'training', cell: ([, train]) => train },
          ...(test === null ? [] : [{ head: 'to predict', cell: ([, , other]: Line) => other ?? '' }]),
        ],
      })}
      ${repeated === null ? nothing : examples(repeated)} ${labelWords(facts, labels)}`;
  },
};

function lines(facts: Facts): Line[] {
  const { train, test, repeated, drift, tokens = [] } = facts;
  const of = (name: string, value: (table: Facts['train']) => string): Line => [
    name,
    value(train),
    test === null ? null : value(test),
  ];
  return [
    of('rows', ({ rows }) => count(rows)),
    of('empty texts', ({ rows, empty }) => ofAll(empty, rows)),
    ...(repeated === null ? [] : repeatedLines(repeated, facts)),
    of(
      'characters: half up to, 95 % up to, longest',
      ({ characters: { median, p95, longest } }) => `${count(median)}, ${count(p95)}, ${count(longest)}`,
    ),
    ...tokens.flatMap((model) => tokenLines(model, tokens.length > 1 ? ` (${modelName(model.model)})` : '')),
    of('scripts of the letters', ({ scripts }) => scriptWords(scripts)),
    ...(drift === null
      ? []
      : [
          ['letters in other scripts than in training', '', percent(drift.scripts)] as const,
          ['distance of the lengths (Kolmogorov–Smirnov, 0 to 1)', '', drift.lengths.toFixed(2)] as const,
        ]),
  ];
}

function repeatedLines(
  { duplicates, near, conflicts, leaks }: NonNullable<Facts['repeated']>,
  { train, test }: Facts,
): Line[] {
  const leaking = (found: typeof leaks): string | null =>
    found === null || test === null ? null : ofAll(found.rows, test.rows);
  return [
    ['text of an earlier training row, or of any', ofAll(duplicates.rows, train.rows), leaking(leaks)],
    ...(near === null
      ? []
      : [
          [
            'the same, or nearly the same text',
            ofAll(near.duplicates.rows, train.rows),
            leaking(near.leaks),
          ] as const,
        ]),
    ['same text, other labels', ofAll(conflicts.rows, train.rows), test === null ? null : ''],
  ];
}

function tokenLines({ longest, train, test }: NonNullable<Facts['tokens']>[number], of: string): Line[] {
  const line = (name: string, value: (table: typeof train) => string): Line => [
    `${name}${of}`,
    value(train),
    test === null ? null : value(test),
  ];
  return [
    line(
      'tokens: half up to, 95 % up to, longest',
      ({ lengths: { median, p95, longest: most } }) => `${count(median)}, ${count(p95)}, ${count(most)}`,
    ),
    line(`texts of more than ${count(longest)} tokens, which are cut`, ({ cut, texts }) => ofAll(cut, texts)),
    line('unknown tokens', ({ unknown, tokens }) => ofAll(unknown, tokens)),
  ];
}

/** `12 (2.0 %)`; none of nothing is no share. */
function ofAll(some: number, all: number): string {
  return some === 0 ? '0' : `${count(some)} (${percent(some / all)})`;
}

/** The three largest. */
function scriptWords(scripts: Facts['train']['scripts']): string {
  const named = Object.entries(scripts).map(([name, share]) => `${name} ${percent(share)}`);
  return named.slice(0, 3).join(', ') || 'no letters';
}

function examples({ duplicates, conflicts, leaks }: NonNullable<Facts['repeated']>): Html {
  const groups = [
    ['Rows with the same text', duplicates.examples.map((rows) => rows.join(', '))],
    ['Rows with the same text and other labels', conflicts.examples.map((rows) => rows.join(', '))],
    [
      'Rows to predict, and the training row with their text',
      leaks?.examples.map(({ test, train }) => `${test} (${train})`) ?? [],
    ],
  ] as const;
  const found = groups.filter(([, rows]) => rows.length > 0);
  if (found.length === 0) return nothing;
  return folded(
    'Where they are: the first of them',
    html`${found.map(([name, rows]) => html`<p class="words">${name}: ${rows.join('; ')}.</p>`)}`,
  );
}

/** The labels alone and together are sections of their own. */
function labelWords({ labels: { perRow } }: Facts, labels: readonly string[]): Html {
  const several = perRow.slice(2).reduce((sum, rows) => sum + rows, 0);
  return html`<p class="words after">
    ${count(perRow[0] ?? 0)} training rows have none of the ${count(labels.length)} labels, ${count(several)}
    have two or more.
  </p>`;
}
