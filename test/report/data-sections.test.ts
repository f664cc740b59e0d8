import { describe, expect, it } from 'vitest';
import { renderReport } from '../../report/page.js';
import { shownRows } from '../../report/shown-rows.js';
import type { LabelIssueSummary, RunResult } from '../../report/run-result.js';
import { prepared } from '../data/hygiene/tables.js';
import { sampleReport } from './sample.js';

const tokens = {
  model: '/home/someone/models/<b>bert',
  longest: 128,
  train: {
    texts: 4,
    cut: 1,
    lengths: { mean: 9, median: 8, p95: 130, p99: 130, longest: 130 },
    tokens: 50,
    unknown: 5,
  },
  test: null,
};
const issues: LabelIssueSummary = {
  rows: 2,
  perLabel: { anger: 0, fear: 2, joy: 0, sadness: 0, surprise: 0 },
  unskilled: ['joy'],
  worst: [
    { row: 7, label: 'fear', given: '1', probability: 0.012, score: 0.012 },
    { row: 3, label: 'fear', given: '0', probability: 0.981, score: 0.019 },
  ],
};
const hostile = `<script>alert(1)</script>\u202e"'&`;

function page(changes: Partial<RunResult>, texts?: ReadonlyMap<number, { id: string; text: string }>) {
  const { result, outOfFold } = sampleReport({}, changes);
  return renderReport({ result, outOfFold, ...(texts === undefined ? {} : { texts }) });
}

describe('the section of the data', () => {
  it('has the tables beside each other, with what is repeated and where', async () => {
    const { facts } = await prepared(
      [
        ['one', 1, 1],
        ['One', 0, 1],
        ['two', 1, 0],
        ['', 0, 0],
      ],
      ['two', 'дом'],
    );
    const text = page({ facts: { ...facts, tokens: [tokens] } });
    expect(text).toContain('<section id="data">');
    for (const words of [
      'text of an earlier training row',
      '1 (25.0 %)',
      'same text, other labels',
      '2 (50.0 %)',
      'Latin 50.0 %, Cyrillic 50.0 %',
      'texts of more than 128 tokens, which are cut',
      '5 (10.0 %)',
      '1 training rows have none of the 5 labels',
    ])
      expect(text.replaceAll(/\s+/g, ' ')).toContain(words);
    expect(text).not.toMatch(/\/home\/|<b>bert/);
  });

  it('is left out of results that do not tell', () => {
    const text = page({});
    expect(text).not.toMatch(/id="data"|id="label-issues"/);
  });

  it('tells models that cut otherwise apart', async () => {
    const { facts } = await prepared([
      ['one', 1, 0],
      ['two', 0, 1],
    ]);
    const text = page({ facts: { ...facts, tokens: [tokens, { ...tokens, model: 'owner/other' }] } });
    expect(text).toContain('unknown tokens (owner/other)');
    expect(text).toContain('unknown tokens (&lt;b&gt;bert)');
  });
});

describe('the section of labels in doubt', () => {
  it('has the rows with their texts, escaped', () => {
    const texts = new Map([[6, { id: 'a<b', text: hostile }]]);
    const text = page({ labelIssues: issues }, texts);
    expect(text).toContain('<section id="label-issues">');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩');
    expect(text).not.toContain('<script>');
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(
      /labelled <strong>fear<\/strong>, whose probability is 0\.012/,
    );
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(
      /not labelled <strong>fear<\/strong>, whose probability is 0\.981/,
    );
    expect(text).toContain('Of joy no row is named');
  });

  it('has row numbers alone where texts are not shown', () => {
    const text = page({ labelIssues: issues });
    expect(text).toMatch(/<p class="quote">row 7<\/p>/);
  });

  it('says of classes which one is likelier', () => {
    const { result } = sampleReport();
    const text = page({
      labelIssues: {
        ...issues,
        worst: [{ row: 7, label: 'joy', given: 'fear', probability: 0.9, score: 0.05 }],
      },
      configuration: { ...result.configuration, task: 'single-label' },
    });
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'labelled <strong>fear</strong> (0.050); likelier is <strong>joy</strong> (0.900)',
    );
  });

  it('asks for the texts of its rows, and of none that is not there', () => {
    const beyond = { ...issues.worst[0]!, row: 1_000_000 };
    const { result, outOfFold } = sampleReport(
      {},
      { labelIssues: { ...issues, worst: [...issues.worst, beyond] } },
    );
    const rows = shownRows({ result, outOfFold });
    expect(rows).toEqual(expect.arrayContaining([2, 6]));
    expect(Math.max(...rows)).toBeLessThan(result.rows.train);
  });
});
