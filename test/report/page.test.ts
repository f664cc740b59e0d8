import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { judgedRows } from '../../report/judged-rows.js';
import { renderReport } from '../../report/page.js';
import { drawnLabels } from '../../report/sections/labels.js';
import { reportPages } from './pages.js';
import { assessedReport, calibratedReport, ensembleReport, objectiveReport, sampleReport } from './sample.js';

const hostile = `<img src=x onerror=alert(1)>"'&<script>alert(2)</script>`;

describe('the report', () => {
  it('refers to nothing outside itself', () => {
    const page = renderReport(sampleReport());
    const references = [...page.matchAll(/(?:https?:)?\/\/[\w.]+/g)].map(([url]) => url);
    expect(references.filter((url) => !url.startsWith('http://www.w3.org'))).toEqual([]);
    expect(page).not.toMatch(/<(?:script|link|iframe|img|object|embed)\b|@import|url\(/i);
  });

  it('forbids everything but its own style sheet, and has no inline styles', () => {
    const page = renderReport(sampleReport());
    const policy = document(page).querySelector('meta[http-equiv]')?.getAttribute('content');
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'$/,
    );
    expect(document(page).querySelectorAll('[style], svg style')).toHaveLength(0);
  });

  it('names the hash of its style sheet, byte for byte', () => {
    const page = renderReport(sampleReport());
    const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? '';
    expect(style).toContain(':root');
    expect(page).toContain(createHash('sha256').update(style).digest('base64'));
  });

  it('says what thresholds were tuned for, where that is not F1', () => {
    const page = document(renderReport(objectiveReport()));
    const [, fear] = [...page.querySelectorAll('[aria-label="Objectives"] tbody tr')];
    expect([...(fear?.querySelectorAll('th, td') ?? [])].map(({ textContent }) => textContent)).toEqual([
      ...['fear', 'recall, with precision at least 0.9', '0.500', '0.750', '0.700', '0.875', '–'],
      'only on the rows it was tuned on',
    ]);
    expect(page.querySelector('main')?.textContent).toContain('recall, with precision at least 0.9');
    expect(renderReport(sampleReport())).not.toContain('Objectives');
  });

  it('says what calibration changed, and draws thresholds over calibrated probabilities', () => {
    const input = calibratedReport();
    const page = document(renderReport(input));
    const [joy] = [...page.querySelectorAll('[aria-label="Calibration"] tbody tr')];
    expect([...(joy?.querySelectorAll('th, td') ?? [])].map(({ textContent }) => textContent)).toEqual([
      ...['joy', '0.200', '0.200', '0.090', '0.050', '0.900', '0.500'],
    ]);
    expect(page.querySelector('main')?.textContent).toContain(
      'Probabilities are calibrated by temperature scaling.',
    );
    const { probabilities, raw } = judgedRows(input);
    const logit = (p: number): number => Math.log(p / (1 - p));
    raw.forEach((p, entry) => {
      expect(logit(probabilities[entry]!)).toBeCloseTo(logit(p) / (entry % 2 === 0 ? 2 : 1), 4);
    });
    expect(page.querySelector('main')?.textContent).toMatch(/does without\s+tuning, but for the calibration/);
    expect(renderReport(sampleReport())).not.toContain('id="calibration"');
    expect(renderReport(sampleReport())).toMatch(/does without\s+tuning\.\s/);
  });

  it('escapes hostile names of labels, pipelines, runs, warnings and devices', () => {
    const { result, outOfFold } = sampleReport({ labels: [hostile, 'joy'] });
    const folds = result.folds.map((fold) => ({ ...fold, device: hostile }));
    const changes = {
      pipeline: hostile,
      run: hostile,
      warnings: [hostile],
      versions: { [hostile]: hostile },
      folds,
    };
    const page = renderReport({ result: { ...result, ...changes }, outOfFold });
    expect(page).not.toMatch(/<(?:img|script)/i);
    expect(document(page).querySelector('h1')?.textContent).toBe(hostile);
    expect(document(page).querySelector('tbody th')?.textContent).toBe(hostile);
  });

  it('shows the names of files and models, but not the folders they lay in', () => {
    const { result, outOfFold } = sampleReport();
    const configuration = {
      ...result.configuration,
      data: { ...result.configuration.data, train: '/home/some one/data/train.csv' },
      model: { checkpoint: '/home/someone/models/tiny', maxLength: 8 },
    };
    const warnings = [
      '/home/some one/data/train.csv: 3 of 400 texts are empty.',
      'fold 1: left behind in "/home/someone/work/.foldwise/store", see C:\\Users\\someone\\notes.txt; and/or 1/2.',
    ];
    const page = renderReport({ result: { ...result, configuration, warnings }, outOfFold });
    const notices = [...document(page).querySelectorAll('.notices li')].map((item) => item.textContent);
    expect(notices).toEqual([
      'train.csv: 3 of 400 texts are empty.',
      'fold 1: left behind in "store", see notes.txt; and/or 1/2.',
    ]);
    expect(page).toContain('<dd>tiny</dd>');
    expect(page).not.toMatch(/some ?one/);
  });

  it('gives names only to what may have one, and lets the keyboard reach what scrolls', () => {
    const page = document(renderReport(sampleReport()));
    const named = [...page.querySelectorAll('[aria-label]')];
    // By ARIA: not on what has no role, as a div, span or g.
    const mayBeNamed = (element: Page) =>
      ['img', 'region', 'group'].includes(element.getAttribute('role') ?? '') || element.localName === 'nav';
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((element) => !mayBeNamed(element)).map(({ localName }) => localName)).toEqual([]);
    const scrolling = [...page.querySelectorAll('.scroll')];
    const names = scrolling.map((element) => element.getAttribute('aria-label'));
    expect(names).toEqual(expect.arrayContaining(['Scores by label', 'Reliability of fear', 'Folds']));
    expect(new Set(names).size).toBe(names.length);
    for (const element of scrolling) {
      expect([element.getAttribute('role'), element.getAttribute('tabindex')]).toEqual(['region', '0']);
    }
  });

  it('says so where nothing was submitted, and where a label could not be tuned', () => {
    const { result, outOfFold } = sampleReport();
    const { test, ...data } = result.configuration.data;
    const page = renderReport({
      result: {
        ...result,
        rows: { train: 400, test: null },
        perLabel: { ...result.perLabel, joy: { ...result.perLabel['joy']!, tunable: false } },
        thresholds: { ...result.thresholds, joy: 0.5 },
        configuration: { ...result.configuration, data },
      },
      outOfFold,
    });
    expect(page).toContain('none: nothing was submitted');
    expect(page).not.toContain(test);
    expect(page).toContain('0.50, not tuned');
  });

  it('says which folds were skipped and how many rows that leaves out', () => {
    const page = renderReport(sampleReport({ folds: 3, rowsWithoutOof: 80 }, { skippedFolds: [2, 4] }));
    expect(page).toContain('Folds 2, 4 were skipped');
    expect(page).toContain('80 of 400 training rows have no out-of-fold prediction');
  });

  it('shows a dash for a score or a loss that is not a number, also once JSON has made it null', () => {
    const { result, outOfFold } = sampleReport(
      {},
      { macroF1: { atHalf: NaN, tuned: NaN, crossFitted: NaN } },
    );
    const folds = result.folds.map((fold) => ({
      ...fold,
      epochs: fold.epochs.map((epoch) => ({ ...epoch, valLoss: NaN })),
    }));
    const nulls = JSON.parse(JSON.stringify({ ...result, folds })) as typeof result;
    for (const odd of [{ ...result, folds }, nulls]) {
      const page = renderReport({ result: odd, outOfFold });
      expect(document(page).querySelector('.lead b')?.textContent).toBe('–');
      expect(page).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('shows three numbers beside what no skill gets, with intervals and a verdict for every label', () => {
    const { result, outOfFold } = assessedReport();
    const page = document(renderReport({ result, outOfFold }));
    const { macroF1, assessment } = result;
    const { intervals, noSkill } = assessment!.macro;
    const text = (selector: string): string[] =>
      [...page.querySelectorAll(selector)].map((element) => element.textContent.replace(/\s+/g, ' ').trim());
    expect(text('.headline .score b')).toEqual(
      [macroF1.crossFitted, noSkill.always, macroF1.tuned, macroF1.atHalf].map((value) => value.toFixed(3)),
    );
    const [from, to] = intervals.crossFitted.map((bound) => bound.toFixed(3)) as [string, string];
    expect(text('.lead span')[0]).toContain(`95 % interval ${from} to ${to}`);
    expect(text('.verdict')).toEqual(['Better than no skill']);
    const told = new RegExp(
      `between ${from} and ${to}\\. Saying yes .* The model is better than that\\. .*$`,
    );
    expect(text('.summary p')[1]).toMatch(told);
    expect(text('.summary p')[1]).toContain('Not shown to be better than no skill: anger. Never occurring');
    const rows = [...page.querySelectorAll('[aria-label="Scores by label"] tbody tr')];
    const cells = rows.map((row) =>
      [...row.querySelectorAll('th, td')].map((cell) => cell.textContent.trim()),
    );
    expect(cells.map((row) => [row[0], row[5]])).toEqual([
      ['anger', 'not shown'],
      ['fear', 'yes'],
      ['joy', 'yes'],
      ['sadness', 'yes'],
      ['surprise', 'never occurs'],
    ]);
    const fear = assessment!.perLabel['fear']!;
    expect([cells[1]![2], cells[1]![4]]).toEqual([
      fear.intervals.crossFitted.map((bound) => bound.toFixed(3)).join(' to '),
      fear.noSkill.always.toFixed(3),
    ]);
    // Where a label never occurs nothing is defined, and no mark is drawn.
    expect(cells[4]!.slice(2, 5)).toEqual(['–', '', '0.000']);
    expect(page.querySelectorAll('[aria-label="Scores by label"] svg.strip').length).toBe(5);
    expect(text('[aria-label="Averages"] tbody th')).toHaveLength(5);
    const ranked = text('[aria-label="Probabilities"] tbody tr:last-child > *').join(' ');
    expect(ranked).toMatch(/^surprise 0\.0 % – – 0\.\d+ 0\.\d+$/);
  });

  it.each([
    ['multi-label', 'Saying yes to every label, without reading, reaches'],
    ['single-label', 'Guessing each class as often as it occurs, without reading, reaches'],
  ] as const)('says of a model without skill that it has none: %s', (task, words) => {
    const page = renderReport(assessedReport({}, task, 'all'));
    const text = (selector: string) => document(page).querySelector(selector)?.textContent ?? '';
    expect(text('.verdict.doubted')).toBe('Not shown to be better than no skill');
    const told = text('#summary');
    expect(told).toContain(words);
    expect(told).toContain('It is not shown that the model is better than that.');
    expect(told).toContain('Of no label is it shown that anything was learnt of it.');
    expect(told).toContain('Do not build on these predictions yet');
    expect(told).not.toContain('foldwise predict');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('marks a threshold that is not of the grid, also beyond it', () => {
    const { result, outOfFold } = sampleReport({ labels: ['joy'] });
    const page = renderReport({ result: { ...result, thresholds: { joy: 0.03125 } }, outOfFold });
    const plot = document(page).querySelectorAll('#label-1 svg.plot')[0]!;
    expect(plot.querySelectorAll('circle').length).toBe(1);
    expect(plot.getAttribute('aria-label')).toContain('at the chosen 0.0313,');
  });

  it('shows accuracy with its interval where a row has one class', () => {
    const { result, outOfFold } = assessedReport({}, 'single-label');
    const page = renderReport({ result, outOfFold }).replace(/\s+/g, ' ');
    const [from, to] = result.assessment!.accuracy!.intervals.crossFitted;
    expect(page).toContain(`(95 % interval ${from.toFixed(3)} to ${to.toFixed(3)}; always the most frequent`);
    expect(page).toContain('weighted F1');
    for (const ofOther of ['micro F1', 'samples F1', 'Jaccard']) expect(page).not.toContain(ofOther);
  });

  it('says what rows without a label count where several labels may hold', () => {
    const page = renderReport(assessedReport()).replace(/\s+/g, ' ');
    expect(page).toContain(
      'A row that has no label and is given none counts as 0 in samples F1 and Jaccard.',
    );
  });

  it('shows what each member of an ensemble counts and reaches, and what they gain together', () => {
    const page = document(renderReport(ensembleReport()));
    const region = page.querySelector('[aria-label="Members"]')!;
    const rows = [...region.querySelectorAll('tbody tr')].map((row) =>
      [...row.querySelectorAll('th, td')].map(({ textContent }) => textContent.trim()),
    );
    expect(rows).toEqual([
      ['seed-42', '0.625', '0.590', '0.630', '0.617', '', '', 'training.seed: 42'],
      ['seed-43', '0.375', '0.590', '0.630', '0.618', '', '', 'training.seed: 43'],
      ['seed-44', 'left out', '–', '–', '–', '', '1', 'training.seed: 44'],
    ]);
    const words = [...page.querySelectorAll('p.words')].map(({ textContent }) => textContent).join('\n');
    expect(words).toContain('The weights are those with the lowest log loss.');
    expect(words).toContain(
      'The ensemble gains in cross-fitted macro F1: +0.004 (95 % interval −0.002 to +0.011) over the plain mean of its members, +0.012 (95 % interval +0.003 to +0.020) over the best of them alone, which is chosen in hindsight. Its weights and thresholds are chosen on other rows than they are judged on.',
    );
    const notices = [...page.querySelectorAll('.notices li')].map((item) => item.textContent);
    expect(notices).toEqual(['Member seed-44 lacks fold 1: the ensemble does without it.']);
  });

  it('names the folds of several members by both, and their settings where they differ', () => {
    const page = document(renderReport(ensembleReport()));
    const names = [...page.querySelectorAll('[aria-label="Folds"] tbody th')].map((name) => name.textContent);
    expect(names.slice(3, 6)).toEqual(['seed-42/4', 'seed-42/5', 'seed-43/1']);
    const { result, outOfFold } = ensembleReport();
    const { fold, ...steps } = result.configuration.steps;
    const matrix = { fold: 'all', 'training.epochs': [2, 3, 4] } as const;
    const epochs = document(
      renderReport({
        outOfFold,
        result: {
          ...result,
          configuration: { ...result.configuration, steps: { ...steps, fold: { ...fold!, matrix } } },
        },
      }),
    );
    const facts = [...epochs.querySelectorAll('dl div')].map(({ textContent }) =>
      textContent.replaceAll(/\s+/g, ' ').trim(),
    );
    expect(facts).toContain('epochs 2; 3; 4');
    expect(facts).toContain('members 3');
    expect(facts).toContain('batch size 16');
  });

  it('names the options of the training that were set, and no others', () => {
    const { result, outOfFold } = sampleReport();
    const training = { ...result.configuration.training, schedule: 'cosine', ema: 0.99 } as const;
    const configuration = { ...result.configuration, training };
    const page = document(renderReport({ result: { ...result, configuration }, outOfFold }));
    const facts = [...page.querySelectorAll('dl div')].map(({ textContent }) =>
      textContent.replaceAll(/\s+/g, ' ').trim(),
    );
    expect(facts).toEqual(expect.arrayContaining(['schedule cosine', 'ema 0.99']));
    expect(facts.join()).not.toContain('labelSmoothing');
  });

  it('shows no folder of a checkpoint that a member is of', () => {
    const { result } = ensembleReport();
    const members = result.members!.map((member) => ({
      ...member,
      settings: { 'model.checkpoint': '/home/someone/models/tiny' },
    }));
    const page = renderReport(ensembleReport({ members }));
    expect(page).toContain('model.checkpoint: tiny');
    expect(page).not.toMatch(/someone/);
  });

  it.each([
    ['one label', { labels: ['joy'] }],
    ['30 labels', { labels: Array.from({ length: 30 }, (_, i) => `label ${i + 1}`) }],
    ['200 folds', { folds: 200 }],
    ['no fold', { folds: 0 }],
    ['no row with a prediction', { rows: 10, rowsWithoutOof: 10 }],
  ])('draws every plot with %s', (_, options) => {
    const input = sampleReport(options);
    const page = renderReport(input);
    expect(document(page).querySelectorAll('figure svg.plot').length).toBe(
      3 + 3 * input.result.labels.length,
    );
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe.each(Object.entries(reportPages))('the page of a run: %s', (name, make) => {
  const page = renderReport(make());

  it('holds nothing that a browser runs or asks for, whatever the texts are', () => {
    expect(page).not.toMatch(/<(?:img|script|link|iframe|object|embed)\b|@import|url\(/i);
    expect(page.match(/<style>/g)).toHaveLength(1);
    expect(document(page).querySelectorAll('[style], [onclick], [onerror]').length).toBe(0);
  });

  it('names no folder of a machine, and no number that is none', () => {
    expect(page).not.toMatch(/someone|\/home\/|\/Users\/|[A-Z]:\\/);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('has every anchor that it links to, each once', () => {
    const ids = [...document(page).querySelectorAll('[id]')].map((each) => each.getAttribute('id'));
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...document(page).querySelectorAll('a')].map((each) => each.getAttribute('href'));
    expect(links.filter((link) => !ids.includes(link!.slice(1)))).toEqual([]);
  });

  it('tells in words what every picture shows', () => {
    const pictures = [...document(page).querySelectorAll('svg')].filter(
      (each) => each.getAttribute('aria-hidden') === null,
    );
    expect(pictures.map((each) => each.getAttribute('role')).filter((role) => role !== 'img')).toEqual([]);
    expect(pictures.filter((each) => (each.getAttribute('aria-label') ?? '').length < 20).length).toBe(0);
  });

  it('stays small enough for a browser and a mail', () => {
    expect(page.length).toBeLessThan(name === '100 labels and 100 members' ? 2_500_000 : 400_000);
  });
});

describe('the labels that are drawn', () => {
  it('are the 200 most frequent ones, in their order', () => {
    const labels = Array.from({ length: 300 }, (_, i) => `l${i}`);
    const { result } = sampleReport({ labels, rows: 2 });
    const perLabel = Object.fromEntries(
      labels.map((label, i) => [label, { ...result.perLabel[label]!, support: (i * 7) % 300 }]),
    );
    const drawn = drawnLabels({ ...result, perLabel });
    expect(drawn).toHaveLength(200);
    expect(drawn.every(([label, place]) => labels[place] === label && perLabel[label]!.support >= 100)).toBe(
      true,
    );
    expect(drawn.map(([, place]) => place)).toEqual(drawn.map(([, place]) => place).sort((a, b) => a - b));
  });
});

function document(page: string): Page {
  return (parseHTML(page) as { document: Page }).document;
}

/** As much of the DOM as is used here; the project's code has no browser types. */
interface Page {
  readonly textContent: string;
  readonly localName: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Page | null;
  querySelectorAll(selector: string): ArrayLike<Page> & Iterable<Page>;
}
