import { describe, expect, it } from 'vitest';
import { hardestRows } from '../../report/hardest-rows.js';
import { judgedRows } from '../../report/judged-rows.js';
import { renderReport } from '../../report/page.js';
import { shownRows, shownText } from '../../report/shown-rows.js';
import { assessedReport, sampleReport } from './sample.js';

describe('the hardest rows', () => {
  it.each(['multi-label', 'single-label'] as const)('are those with the highest log loss: %s', (task) => {
    const input = assessedReport({ rows: 90, rowsWithoutOof: task === 'multi-label' ? 7 : 0 }, task);
    const { labels, probabilities } = input.outOfFold;
    const width = input.result.labels.length;
    const losses = Array.from({ length: labels.length / width }, (_, row) => {
      const of = Array.from({ length: width }, (_, label) => {
        const [p, y] = [probabilities[row * width + label]!, labels[row * width + label]!];
        if (task === 'single-label') return y === 1 ? -Math.log(p) : 0;
        return -Math.log(y === 1 ? p : Math.fround(1 - p)) / width;
      });
      return { row, loss: of.reduce((sum, each) => sum + each, 0) };
    });
    const expected = losses
      .filter(({ loss }) => !Number.isNaN(loss))
      .sort((a, b) => b.loss - a.loss)
      .slice(0, 20);
    const found = hardestRows({ ...input, judged: judgedRows(input) });
    expect(found.map(({ row }) => row)).toEqual(expected.map(({ row }) => row));
    found.forEach(({ loss }, place) => expect(loss).toBeCloseTo(expected[place]!.loss, 10));
    expect(shownRows(input)).toEqual(found.map(({ row }) => row).sort((a, b) => a - b));
  });

  it('are none where no row was judged, and no more than there are', () => {
    const none = sampleReport({ rows: 10, rowsWithoutOof: 10 });
    expect(shownRows(none)).toEqual([]);
    expect(renderReport(none)).not.toContain('Hardest rows');
    expect(shownRows(sampleReport({ rows: 3 }))).toEqual([0, 1, 2]);
  });
});

describe('a text in the report', () => {
  const quoted = (text: string, id = 'x'): string => {
    const input = sampleReport({ rows: 2, labels: ['joy'] });
    const page = renderReport({ ...input, texts: new Map([[0, { id, text }]]) });
    return /<blockquote[^]*?<\/p>/.exec(page)![0];
  };

  it('is escaped, as is its id', () => {
    const shown = quoted('<script>alert(1)</script> & "so"', '<b>7</b>');
    expect(shown).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;so&quot;');
    expect(shown).toContain('id <bdi>&lt;b&gt;7&lt;/b&gt;</bdi>');
  });

  it('turns nothing around it, and hides nothing: overrides of direction and controls are told', () => {
    expect(quoted('a\u202egnp.exe \u0000\u2066')).toContain('a⟨U+202E⟩gnp.exe ⟨U+0000⟩⟨U+2066⟩');
    expect(quoted('שלום, two\nlines\tand 😀')).toContain('dir="auto">שלום, two\nlines\tand 😀<');
  });

  it('has the names of labels around it isolated that are written from right to left, so that no number changes sides', () => {
    const page = renderReport(assessedReport({ rows: 90, labels: ['joy', 'غضب', 'חדש'] }));
    // The numbers and commas behind such a name are read from left to right.
    expect(page).toMatch(/farthest off: [^;]*\u2068غضب\u2069 0\.\d{3}/);
    expect(page).toContain('the 3 labels joy, \u2068غضب\u2069, \u2068חדש\u2069 are true');
    expect(page).not.toMatch(/(?<!\u2068)(?:غضب|חדש)(?: \(|,| 0)/);
  });

  it('is cut where it is long, and never within a character', () => {
    expect(shownText('short')).toBe('short');
    expect(shownText('x'.repeat(5000))).toBe(`${'x'.repeat(1000)} …`);
    expect(shownText(`${'x'.repeat(999)}😀${'x'.repeat(9)}`)).toBe(`${'x'.repeat(999)} …`);
  });

  it('is shown by the number of its row alone where texts are private', () => {
    const input = sampleReport({ rows: 2, labels: ['joy'] });
    const page = renderReport(input);
    expect(page).toContain('>row 2<');
    expect(page).toContain('Texts are not shown');
    expect(page).not.toContain('<blockquote');
  });
});
