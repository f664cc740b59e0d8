import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import type { Difference } from '../../metrics/difference.js';
import type { Comparison, RunPair } from '../../report/comparison/comparison.js';
import { renderComparison } from '../../report/comparison/page.js';
import type { RunResult } from '../../report/run-result.js';
import { assessedReport } from './sample.js';

const hostile = `<img src=x onerror=alert(1)>"'&<script>alert(2)</script>`;
const { result } = assessedReport();

const difference: Difference = {
  base: 0.61,
  f1: 0.622,
  difference: 0.012,
  interval: [0.003, 0.021],
  differing: 40,
  verdict: 'better',
};
const untold = { difference: NaN, interval: [NaN, NaN], verdict: 'untold' } as const;

function pairOf(run: string, changes: Partial<RunPair> = {}): RunPair {
  const labels = result.labels;
  return {
    base: 'base',
    run,
    rows: { shared: 2764, onlyBase: 3, onlyRun: 0, unjudged: 0, otherTruth: 2 },
    groups: null,
    labels: { shared: labels, onlyBase: [], onlyRun: [] },
    macro: difference,
    perLabel: labels.map((label, place) => ({
      label,
      support: place,
      ...difference,
      ...(place === 0 ? untold : {}),
    })),
    ...changes,
  };
}

function comparisonOf(names: readonly string[], changes: Partial<Comparison> = {}): Comparison {
  const [, ...others] = names;
  return {
    runs: names.map((run) => ({ result: { ...result, run }, seconds: 12, trainingSeconds: 90 })),
    pairs: others.map((run) => pairOf(run)),
    settings: [],
    versions: [],
    ...changes,
  };
}

describe('the page of a comparison', () => {
  it('says by how much a run is better, and by what', () => {
    const text = textOf(comparisonOf(['base', 'other']));
    expect(text).toContain('other is better than base by 0.012 [0.003, 0.021].');
    expect(text).toContain('over the 2,764 rows that both judged, 40 of them decided differently.');
    expect(text).toContain(
      'Left out: 3 rows that one run alone has, 2 of which the two were told other labels.',
    );
    expect(text).toContain('the same settings and the same versions');
  });

  it('says that a run is worse, that nothing is shown, and that nothing is decided otherwise', () => {
    const told = (macro: Partial<Difference>): string => {
      const pairs = [pairOf('other', { macro: { ...difference, ...macro } })];
      return textOf(comparisonOf(['base', 'other'], { pairs }));
    };
    expect(told({ difference: -0.012, interval: [-0.021, -0.003], verdict: 'worse' })).toContain(
      'other is worse than base by 0.012 [0.003, 0.021].',
    );
    expect(told({ difference: 0.004, interval: [-0.01, 0.018], verdict: 'not-shown' })).toContain(
      'other is not shown to differ from base: +0.004 [−0.010, +0.018].',
    );
    expect(told({ difference: 0, interval: [0, 0], differing: 0, verdict: 'not-shown' })).toContain(
      'decide each of the 2,764 rows alike',
    );
  });

  it('refers to nothing outside itself and forbids everything but its own style sheet', () => {
    const page = renderComparison(comparisonOf(['base', 'other', 'third']));
    const references = [...page.matchAll(/(?:https?:)?\/\/[\w.]+/g)].map(([url]) => url);
    expect(references.filter((url) => !url.startsWith('http://www.w3.org'))).toEqual([]);
    expect(page).not.toMatch(/<(?:script|link|iframe|img|object|embed)\b|@import|url\(/i);
    const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? '';
    expect(page).toContain(createHash('sha256').update(style).digest('base64'));
    expect(document(page).querySelectorAll('[style], svg style')).toHaveLength(0);
  });

  it('has no mark where there is no number', () => {
    const page = renderComparison(comparisonOf(['base', 'other']));
    expect(page).not.toMatch(/="[^"]*(?:NaN|undefined|Infinity)/);
    const [row] = document(page).querySelectorAll('#labels tbody tr');
    expect([...row!.querySelectorAll('td')].map(({ textContent }) => textContent.trim())).toEqual([
      ...['0.610', '0.622', '–', '', 'never occurs', '40', '0'],
    ]);
  });

  it('escapes hostile names, and shows files and models without their folders', () => {
    const of = (train: string): RunResult => ({
      ...result,
      run: hostile,
      pipeline: hostile,
      configuration: {
        ...result.configuration,
        data: { ...result.configuration.data, train },
        model: { checkpoint: '/home/someone/my models/tiny', maxLength: 8 },
      },
    });
    const page = renderComparison(
      comparisonOf([hostile, 'other'], {
        runs: ['/home/some one/train.csv', '/srv/data/train 2.csv'].map((train) => ({
          result: of(train),
          seconds: 1,
          trainingSeconds: 2,
        })),
        pairs: [pairOf(hostile, { perLabel: [{ label: hostile, support: 3, ...difference }] })],
        settings: [
          { path: 'data.train', values: ['/home/some one/train.csv', '/srv/data/train 2.csv'] },
          { path: hostile, values: [undefined, { checkpoint: '/home/someone/my models/tiny', hostile }] },
        ],
        versions: [{ path: hostile, values: [hostile, undefined] }],
      }),
    );
    expect(page).not.toMatch(/<(?:img|script)/i);
    expect(page).not.toMatch(/\/home|\/srv|some one|my models/);
    const cells = [...document(page).querySelectorAll('#differences tbody td')].map(
      (cell) => cell.textContent,
    );
    expect(cells.slice(0, 2)).toEqual(['train.csv', 'train 2.csv']);
    expect(cells[2]).toBe('absent');
    expect(document(page).querySelector('#labels tbody th')?.textContent).toBe(hostile);
  });

  it('folds a long table up, and names many runs by their number', () => {
    const perLabel = Array.from({ length: 100 }, (_, label) => ({
      label: `l${label}`,
      support: 3,
      ...difference,
    }));
    const names = ['base', 'a', 'b', 'c', 'd'];
    const pairs = names.slice(1).map((run) => pairOf(run, { perLabel }));
    const page = document(renderComparison(comparisonOf(names, { pairs })));
    expect(page.querySelector('h1')?.textContent).toBe('4 runs against base');
    expect([...page.querySelectorAll('#labels summary')].map(({ textContent }) => textContent)).toEqual(
      Array(4).fill('All 100 labels'),
    );
    expect(page.querySelector('#method')?.textContent).toContain('Of 4 comparisons');
  });
});

function textOf(comparison: Comparison): string {
  return document(renderComparison(comparison)).querySelector('body')!.textContent;
}

function document(page: string): Page {
  return (parseHTML(page) as { document: Page }).document;
}

/** As much of the DOM as is used here; the project's code has no browser types. */
interface Page {
  readonly textContent: string;
  querySelector(selector: string): Page | null;
  querySelectorAll(selector: string): ArrayLike<Page> & Iterable<Page>;
}
