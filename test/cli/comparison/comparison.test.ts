import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { comparisonSchema } from '../../../cli/facts/comparison.js';
import { readResult } from '../../../cli/runs/results.js';
import { run as foldwise } from '../capture.js';
import { manyIds, sampleWorkdir, writeSampleRun } from './sample-runs.js';

type Facts = z.infer<typeof comparisonSchema>;
const digests = (letter: string) => ({ texts: letter.repeat(64), rows: letter.repeat(64) });

let workdir = '';
beforeAll(async () => {
  workdir = await sampleWorkdir([
    { run: 'base' },
    { run: 'again' },
    { run: 'other', seed: 2 },
    { run: 'better', skill: 1.7 },
    { run: 'half', ids: manyIds(60) },
    { run: 'shuffled', ids: manyIds(120).reverse() },
    { run: 'elsewhere', ids: manyIds(120, 1000) },
    { run: 'single', ids: ['r7'] },
    { run: 'skipped', skipped: 2 },
    { run: 'relabelled', relabelled: (id) => id.endsWith('3') },
    { run: 'wider', labels: ['surprise', 'anger', 'joy'] },
    { run: 'foreign', labels: ['ham', 'spam'] },
    { run: 'classes', task: 'single-label' },
    { run: 'better-classes', task: 'single-label', skill: 1.7 },
    { run: 'numbered', numbered: true },
    { run: 'numbered-again', numbered: true, seed: 3 },
    { run: 'numbered-otherwise', numbered: true, relabelled: () => true },
    { run: 'known', numbered: true, changes: { data: digests('a') } },
    { run: 'known-otherwise', numbered: true, changes: { data: digests('b') } },
    { run: 'grouped', groupOf: (row) => row % 40 },
    { run: 'grouped-otherwise', seed: 2, groupOf: (row) => Math.floor(row / 2) },
    { run: 'grouped-backwards', seed: 2, ids: manyIds(120).reverse(), groupOf: (row) => (119 - row) % 40 },
    { run: 'renamed', ids: manyIds(120).map((id) => `${id}-new`), changes: { data: digests('a') } },
  ]);
});
afterAll(() => rm(workdir, { recursive: true }));

const compare = async (...runs: readonly string[]): Promise<Facts> =>
  comparisonSchema.parse(
    JSON.parse((await foldwise('compare', ...runs, '--json', '--workdir', workdir)).out),
  );
const pairOf = async (...runs: readonly string[]): Promise<Facts['pairs'][number]> =>
  (await compare(...runs)).pairs[0]!;
const words = async (...runs: readonly string[]): Promise<string> =>
  (await foldwise('compare', ...runs, '--workdir', workdir)).out;
const refusal = (...runs: readonly string[]): Promise<string> =>
  words(...runs).then(
    () => expect.unreachable('the runs were compared'),
    (error: unknown) => (error as Error).message,
  );

describe('foldwise compare', () => {
  it('finds no difference between a run and the same once more', async () => {
    const { macro, perLabel, rows } = await pairOf('base', 'again');
    for (const each of [macro, ...perLabel])
      expect(each).toMatchObject({ difference: 0, interval: [0, 0], differing: 0, verdict: 'not-shown' });
    expect(rows).toEqual({ shared: 120, onlyBase: 0, onlyRun: 0, unjudged: 0, otherTruth: 0 });
    const out = await words('base', 'again');
    expect(out).toContain('again and base decide each of the 120 rows alike.');
    expect(out).toContain('The same settings and versions.');
  });

  it('says of a better run by how much, in words, and of the other one that it is worse', async () => {
    const { macro } = await pairOf('base', 'better');
    expect(macro.verdict).toBe('better');
    expect(await words('base', 'better')).toMatch(
      /better is better than base by 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]\./,
    );
    expect(await words('better', 'base')).toMatch(/base is worse than better by 0\.\d{3} \[/);
    expect(await words('base', 'other')).toMatch(/other is not shown to differ from base: [+−±]0\.\d{3} \[/);
  });

  it('has the scores of each run as the run has them, where nothing is left out', async () => {
    const { scores, pairs } = await compare('base', 'better');
    const macro = scores.find(({ name, score }) => name === 'macro' && score === 'crossFitted')!;
    expect(pairs[0]!.macro.base).toBeCloseTo(macro.first!, 12);
    expect(pairs[0]!.macro.f1).toBeCloseTo(macro.second!, 12);
    expect(macro.change).toBeCloseTo(pairs[0]!.macro.difference!, 12);
  });

  it('turns every sign where the runs are turned round, rows and labels in another order included', async () => {
    for (const [one, other] of [
      ['base', 'other'],
      ['base', 'shuffled'],
      ['half', 'shuffled'],
      ['other', 'wider'],
      ['classes', 'better-classes'],
      ['grouped', 'grouped-otherwise'],
      ['grouped', 'grouped-backwards'],
    ] as const) {
      const there = await pairOf(one, other);
      const back = await pairOf(other, one);
      for (const each of [there.macro, ...there.perLabel]) {
        const label = 'label' in each ? each.label : null;
        const turned = label === null ? back.macro : back.perLabel.find((found) => found.label === label)!;
        expect([turned.difference! + each.difference!, turned.interval![0]! + each.interval![1]!]).toEqual([
          0, 0,
        ]);
      }
    }
  });

  it('compares the rows that both have, by their ids', async () => {
    expect((await pairOf('base', 'half')).rows).toMatchObject({ shared: 60, onlyBase: 60, onlyRun: 0 });
    expect((await pairOf('half', 'shuffled')).rows).toMatchObject({ shared: 60, onlyBase: 0, onlyRun: 60 });
    expect((await pairOf('base', 'single')).rows).toMatchObject({ shared: 1 });
    expect((await pairOf('base', 'single')).macro.verdict).toBe('not-shown');
    expect(await words('base', 'half')).toContain('Left out: 60 rows that one run alone has.');
  });

  it('leaves out rows of skipped folds, and those that have other labels by now', async () => {
    expect((await pairOf('base', 'skipped')).rows).toMatchObject({ shared: 96, unjudged: 24 });
    expect((await pairOf('base', 'relabelled')).rows).toMatchObject({ shared: 108, otherTruth: 12 });
    expect(await words('base', 'relabelled')).toContain('12 of which the two were told other labels');
  });

  it('compares the labels that both have', async () => {
    const { labels, perLabel } = await pairOf('base', 'wider');
    expect(labels).toEqual({ shared: ['joy', 'anger'], onlyBase: ['fear'], onlyRun: ['surprise'] });
    expect(perLabel.map(({ label }) => label)).toEqual(['joy', 'anger']);
    const { scores } = await compare('base', 'wider');
    expect(scores.find(({ name }) => name === 'surprise')).toMatchObject({ first: null, change: null });
  });

  it('compares runs with one class per row', async () => {
    expect((await pairOf('classes', 'better-classes')).macro.verdict).toBe('better');
  });

  it('resamples groups where either run held rows out by groups, those of both joined', async () => {
    expect((await pairOf('base', 'other')).groups).toBeNull();
    const plain = await pairOf('base', 'other');
    const grouped = await pairOf('grouped', 'other');
    expect(grouped.groups).toBe(40);
    expect(grouped.macro.difference).toBe(plain.macro.difference);
    expect(grouped.macro.interval).not.toEqual(plain.macro.interval);
    expect((await pairOf('other', 'grouped')).groups).toBe(40);
    // Of the same groups in another order the interval is the same.
    expect((await pairOf('grouped', 'grouped-backwards')).groups).toBe(40);
    // 2 k and 2 k + 1, and those that are alike modulo 40: all even and odd ones together, in 20 chains.
    expect((await pairOf('grouped', 'grouped-otherwise')).groups).toBe(20);
    expect(await words('grouped', 'other')).toContain(
      'They are of 40 groups; the interval is of other groups.',
    );
    const directory = await writeSampleRun(workdir, { run: 'short', groupOf: () => 0 });
    await writeFile(join(directory, 'groups.csv'), 'row,group\n1,1\n');
    expect(await refusal('base', 'short')).toMatch(/groups\.csv: .*found 1 rows/);
  });

  it('refuses runs that share nothing, each by its reason', async () => {
    expect(await refusal('base', 'elsewhere')).toMatch(/base and elsewhere: .*found no row that both have/);
    expect(await refusal('base', 'foreign')).toMatch(/found no label that both have/);
  });

  it('takes rows without ids for the same only where something says so', async () => {
    expect(await refusal('known', 'known-otherwise')).toMatch(/numbered.*id column/);
    expect(await refusal('numbered', 'numbered-otherwise')).toMatch(/numbered/);
    expect((await pairOf('numbered', 'numbered-again')).rows.shared).toBe(120);
    // The same texts in the same order, whatever they are called.
    expect((await pairOf('known', 'renamed')).rows).toMatchObject({ shared: 120, otherTruth: 0 });
  });

  it('holds each of several runs against the first', async () => {
    const { runs, pairs, facts } = await compare('base', 'other', 'better', 'half');
    expect(runs).toEqual(['base', 'other', 'better', 'half']);
    expect(pairs.map(({ base, run }) => [base, run])).toEqual([
      ['base', 'other'],
      ['base', 'better'],
      ['base', 'half'],
    ]);
    expect(facts.map(({ folds, members, data }) => [folds, members, data.rows])).toEqual([
      [5, 1, 120],
      [5, 1, 120],
      [5, 1, 120],
      [5, 1, 60],
    ]);
    expect(await words('base', 'other', 'better')).toContain('Of 2 comparisons each has');
  });

  it('writes a page, too, where it is asked to, and says where', async () => {
    const page = join(workdir, 'pages', 'comparison.html');
    const { out, err } = await foldwise('compare', 'base', 'better', '--page', page, '--workdir', workdir);
    expect(out).toContain('better is better than base');
    expect(err).toBe(`The page: ${page}`);
    const written = await readFile(page, 'utf8');
    expect(written).toContain('better is better than base');
    expect(written).not.toContain('/home');
  });

  it('names the settings and versions that differ, each with both values', async () => {
    const { result } = await sampled('base');
    await writeSampleRun(workdir, {
      run: 'longer',
      changes: {
        configuration: {
          ...result.configuration,
          training: { ...result.configuration.training, epochs: 6 },
          steps: {
            ...result.configuration.steps,
            fold: {
              ...result.configuration.steps['fold']!,
              matrix: { fold: 'all', 'training.seed': [42, 43] },
            },
          },
        },
        versions: { ...result.versions, node: '22.1.0' },
      },
    });
    const { settings, versions } = await compare('base', 'longer');
    expect(settings).toEqual([
      { path: 'training.epochs', values: [4, 6], first: 4, second: 6 },
      { path: 'steps.fold.matrix.training.seed', values: [null, [42, 43]], second: [42, 43] },
    ]);
    expect(versions).toEqual([{ path: 'node', values: ['20.20.0', '22.1.0'] }]);
    const out = await words('base', 'longer');
    expect(out).toContain('training.epochs: 4 → 6');
    expect(out).toContain('steps.fold.matrix.training.seed: absent → [42,43]');
    expect(out).toContain('version of node: "20.20.0" → "22.1.0"');
  });

  it('learns the weights of an ensemble anew', async () => {
    const { result } = await sampled('base');
    await writeSampleRun(workdir, {
      run: 'ensemble',
      changes: {
        members: ['a', 'b'].map((id) => ({ id, settings: {}, macroF1: result.macroF1, skippedFolds: [] })),
        ensemble: {
          method: 'simplex',
          weights: { a: 0.5, b: 0.5 },
          gain: { overMean: null, overBest: null },
        },
      },
    });
    expect((await pairOf('base', 'ensemble')).macro).toMatchObject({ difference: 0, differing: 0 });
  });

  it('refuses files that do not belong to the result beside them', async () => {
    const directory = await writeSampleRun(workdir, { run: 'mixed-up' });
    const other = join(workdir, 'runs', 'better', 'oof.csv');
    await writeFile(join(directory, 'oof.csv'), await readFile(other));
    expect(await refusal('base', 'mixed-up')).toMatch(/do not give the cross-fitted score of result\.json/);
    await rm(join(directory, 'oof.csv'));
    expect(await refusal('base', 'mixed-up')).toMatch(/oof\.csv/);
  });

  it('lets no name steer the terminal', async () => {
    const { result } = await sampled('base');
    const versions = { ...result.versions, 'no\u001b[31mde': 'a\u0007b\nc' };
    await writeSampleRun(workdir, { run: 'hostile', changes: { versions } });
    for (const line of (await words('base', 'hostile')).split('\n')) expect(line).not.toMatch(/\p{Cc}/u);
  });
});

async function sampled(name: string) {
  return { result: await readResult(join(workdir, 'runs', name)) };
}
