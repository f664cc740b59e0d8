import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facts } from '../../cli/facts/index.js';
import {
  canRun,
  ended,
  foldwise,
  startDev,
  temporal,
  withoutRuns,
  type Ended,
} from './built-command-line.js';
import { SmallRun } from '../setup/small-run.js';
import type { SmallProject } from './small-project.js';
import { privateWords, trainingRows } from './small-project.js';

describe.skipIf(!canRun)(`foldwise score${withoutRuns}`, { timeout: 240_000 }, () => {
  let project: SmallProject;
  let table: string;
  const place = (): string[] => ['--workdir', project.workdir];
  const score = (...args: string[]): Promise<Ended> => foldwise(['score', 'latest', ...args, ...place()]);
  const inScore = (name: string, file: string): string =>
    readFileSync(join(project.workdir, 'scores', name, file), 'utf8');

  beforeAll(async () => {
    ({ project } = await SmallRun.shared());
    table = project.write('new.csv', trainingRows(100));
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it('writes the bytes that predict writes, labels and probabilities, and tells of drift', async () => {
    const first = await score(table, '--name', 'labels');
    expect(first.err).not.toMatch(/^error/m);
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/^completed: 1 of 1 chunks, 100 of 100 rows$/m);
    expect(first.out).toMatch(/scores\.csv: 100 rows\nDrift from the training rows: none\n$/);
    const output = join(project.folder, 'predicted.csv');
    await foldwise(['predict', 'latest', table, '--output', output, ...place()]);
    expect(inScore('labels', 'scores.csv')).toBe(readFileSync(output, 'utf8'));

    const second = await score(table, '--probabilities', '--name', 'probabilities', '--json');
    expect(facts['score']!.parse(JSON.parse(second.out))).toMatchObject({
      score: 'probabilities',
      state: 'completed',
      rows: { all: 100, done: 100 },
      chunks: { all: 1, done: 1, reused: 0 },
      drift: 'none',
    });
    await foldwise([
      'predict',
      'latest',
      table,
      '--probabilities',
      '--force',
      '--output',
      output,
      ...place(),
    ]);
    expect(inScore('probabilities', 'scores.csv')).toBe(readFileSync(output, 'utf8'));
  });

  it('reuses what it scored, tells no text, and finds rows that are of another kind', async () => {
    const again = await score(table);
    expect(again.out).toMatch(/scores\.csv: 100 rows, 1 of 1 chunks reused/);
    const other = Array.from(
      { length: 400 },
      (_, row) => `n${row},${'Совсем другой текст. '.repeat(1 + (row % 9))}\n`,
    );
    const shifted = project.write('shifted.csv', `id,text\n${other.join('')}`);
    const found = await score(shifted, '--name', 'shifted');
    expect(found.err).toMatch(/warning: The lengths of the texts differ .* a large shift/);
    expect(found.err).toMatch(/warning: The share of texts in other scripts than Latin .* a large shift/);
    expect(found.out).toMatch(/Drift from the training rows: large/);
    for (const name of readdirSync(join(project.workdir, 'scores')))
      expect(inScore(name, 'result.json') + again.out + again.err).not.toContain(privateWords);
  });

  it('says of an exported ensemble that drift cannot be told', async () => {
    const folder = join(project.folder, 'exported');
    expect((await foldwise(['export', 'latest', folder, ...place()])).code).toBe(0);
    const { code, out } = await foldwise(['score', folder, table, '--name', 'exported', ...place()]);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/Drift unknown: An exported ensemble has no training rows/),
    ]);
    expect(inScore('exported', 'scores.csv')).toBe(inScore('labels', 'scores.csv'));
  });

  it.each([
    [['nowhere.csv'], /nowhere\.csv: there is no such file/],
    [['TABLE', '--threshold', 'jo=0.3'], /no such label.*Did you mean "joy"\?/],
    [['TABLE', '--threshold', '0.3', '--probabilities'], /probabilities are written as they are/],
    [['TABLE', '--name', '../x'], /score/],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await score(...args.map((arg) => (arg === 'TABLE' ? table : arg)));
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });

  it("is started by Temporal's own command line, watched by its query and not taken for a run", async () => {
    const host = await startDev([...place(), '--root', project.folder]);
    try {
      const [run = ''] = readdirSync(join(project.workdir, 'runs'));
      const input = project.write('score.json', JSON.stringify({ ensemble: run, table, score: 'by-hand' }));
      const cli = (...args: string[]): Promise<Ended> =>
        ended(temporal(), ['workflow', ...args, '--address', host.address]);
      const id = ['--workflow-id', 'by-hand'];
      await cli('start', '--type', 'score', '--task-queue', 'foldwise', ...id, '--input-file', input);
      expect((await cli('result', ...id)).out).toMatch(/COMPLETED/);
      expect((await cli('query', ...id, '--type', 'progress')).out).toMatch(/completed/);
      expect(inScore('by-hand', 'scores.csv').split('\n')).toHaveLength(102);
      const status = await foldwise(['status', 'by-hand', ...place()]);
      expect(status.err).toMatch(/this is the scoring of a table, not a run/);
      const cancel = await foldwise(['cancel', 'by-hand', ...place()]);
      expect(cancel.out).toMatch(/by-hand: it has ended already \(completed\)/);

      const cron = ['--cron', '0 3 1 1 *'];
      const created = await foldwise(['schedule', 'score', run, table, ...cron, ...place()]);
      expect(created.out).toMatch(/^created: schedule score-new, 0 3 1 1 \* \(UTC\)\nnext run: /);
      await foldwise(['schedule', 'trigger', 'score-new', ...place()]);
      const scheduled = (): string | undefined =>
        readdirSync(join(project.workdir, 'scores')).find((name) => name.startsWith('score-new-scheduled'));
      const isDone = (): boolean =>
        scheduled() !== undefined && existsSync(join(project.workdir, 'scores', scheduled()!, 'result.json'));
      for (let looks = 0; looks < 600 && !isDone(); looks++) await delay(100);
      expect(inScore(scheduled()!, 'scores.csv')).toBe(inScore('by-hand', 'scores.csv'));
      const listed = await foldwise(['schedule', 'list', '--json', ...place()]);
      expect(JSON.parse(listed.out)).toMatchObject([
        { id: 'score-new', starts: 'score', lastRun: scheduled() },
      ]);
    } finally {
      await host.stop();
    }
  });
});
