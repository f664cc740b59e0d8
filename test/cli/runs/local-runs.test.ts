import { link, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runListSchema } from '../../../cli/facts/run-list.js';
import { readResults } from '../../../cli/runs/results.js';
import { runDirectory } from '../../../cli/runs/run-directory.js';
import { workdirAt } from '../../../cli/workdir.js';
import { oofLines, textLines } from '../../../data/results.js';
import { sampleReport } from '../../report/sample.js';
import { run } from '../capture.js';

const { result, outOfFold } = sampleReport({ rows: 60, rowsWithoutOof: 4 });
const runId = '01a21460-aaaa-bbbb-cccc-000000000000';
let workdir = '';

beforeAll(async () => {
  workdir = await mkdtemp(join(tmpdir(), 'foldwise-runs-'));
  await writeRun('first', result);
  await writeRun('second', {
    ...result,
    run: 'second',
    macroF1: { ...result.macroF1, crossFitted: 0.66 },
    configuration: { ...result.configuration, training: { ...result.configuration.training, epochs: 6 } },
  });
  await mkdir(join(workdir, 'runs', 'unfinished'));
  await utimes(join(workdir, 'runs', 'first'), new Date(0), new Date(0));
  const second = join(workdir, 'runs', 'second');
  const event = { at: '2999-01-01T00:00:00.000Z', event: 'run started' };
  await writeFile(join(second, 'events.ndjson'), `${JSON.stringify(event)}\n`);
  await writeFile(join(second, 'run.json'), `${JSON.stringify({ workflowId: 'a-workflow', runId })}\n`);
});
afterAll(() => rm(workdir, { recursive: true }));

describe('runs on this machine', () => {
  it('are those with a result; a directory without one is passed over', async () => {
    const found = await readResults(join(workdir, 'runs'));
    expect(found.map((each) => each.run)).toEqual([result.run, 'second']);
  });

  it('are named by their id, their workflow, its run, their directory, or as the latest', async () => {
    const place = workdirAt(workdir);
    const directory = join(workdir, 'runs', 'second');
    const names = ['second', 'a-workflow', runId, `a-workflow-${runId.slice(0, 8)}`, directory, 'latest'];
    for (const name of names) expect(await runDirectory(name, place), name).toBe(directory);
    expect(await runDirectory(join(workdir, 'elsewhere'), place)).toBe(join(workdir, 'elsewhere'));
  });

  it('say what to do where there is no such run, and which was meant', async () => {
    await expect(run('report', 'secnod', '--workdir', workdir)).rejects.toThrow(
      /run secnod: there is no such run.*found second, .*Did you mean second\?.*--workdir/s,
    );
    await expect(run('report', 'unfinished', '--workdir', workdir)).rejects.toThrow(
      /unfinished.*this run has no result.*no such file.*not completed/s,
    );
  });
});

describe('foldwise runs', () => {
  it('lists them without a server, the latest first, and says what it cannot know', async () => {
    const { out, err } = await run('runs', '--workdir', workdir);
    const lines = out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3));
    expect(lines).toEqual([
      ['run', 'state', 'macro F1'],
      ['second', 'completed', '0.660'],
      ['unfinished', '?', '–'],
      ['first', 'completed', '0.629'],
    ]);
    expect(err).toContain('foldwise dev');
  });

  it('prints the same as JSON', async () => {
    const list = runListSchema.parse(JSON.parse((await run('runs', '--json', '--workdir', workdir)).out));
    expect(list[0]).toMatchObject({ run: 'second', workflowId: 'a-workflow', crossFitted: 0.66 });
    expect(list[1]).toMatchObject({ run: 'unfinished', workflowId: null, state: null });
  });

  it('says so where there is none', async () => {
    expect((await run('runs', '--workdir', join(workdir, 'empty'))).out).toBe('no runs yet');
  });
});

describe('foldwise report', () => {
  it('draws the same page from the files of the run as the run itself did', async () => {
    const { renderReport } = await import('../../../report/page.js');
    const { out } = await run('report', 'first', '--workdir', workdir);
    expect(out).toBe(join(workdir, 'runs', 'first', 'report.html'));
    expect(await readFile(out, 'utf8')).toBe(renderReport({ result, outOfFold }));
  });

  it('quotes the texts of texts.csv, unless they are private or it is told not to', async () => {
    const texts = new Map([[2, { id: 'r3', text: 'a quoted text, "so"' }]]);
    const quiet = { ...result.configuration, report: { texts: false } };
    await writeRun('quoting', result);
    await writeRun('private', { ...result, configuration: quiet });
    for (const name of ['quoting', 'private'])
      await writeFile(join(workdir, 'runs', name, 'texts.csv'), [...textLines(texts)].join(''));
    const drawn = async (...options: string[]): Promise<string> =>
      readFile((await run('report', ...options, '--workdir', workdir)).out, 'utf8');
    const { renderReport } = await import('../../../report/page.js');
    expect(await drawn('quoting')).toBe(renderReport({ result, outOfFold, texts }));
    expect(await drawn('quoting', '--no-texts')).toBe(renderReport({ result, outOfFold }));
    expect(await drawn('private')).not.toContain('a quoted text');
    await writeFile(join(workdir, 'runs', 'quoting', 'texts.csv'), 'row,id\n1,2\n');
    await expect(drawn('quoting')).rejects.toThrow('columns are missing');
    for (const name of ['quoting', 'private']) await rm(join(workdir, 'runs', name), { recursive: true });
  });

  it('leaves a file of the store as it is that the old page was a link to', async () => {
    const stored = join(workdir, 'stored');
    const page = join(workdir, 'runs', 'second', 'report.html');
    await writeFile(stored, 'as it was');
    await link(stored, page);
    await run('report', 'second', '--workdir', workdir);
    expect(await readFile(stored, 'utf8')).toBe('as it was');
    expect(await readFile(page, 'utf8')).toContain('<html');
  });
});

async function writeRun(name: string, content: typeof result): Promise<void> {
  const directory = join(workdir, 'runs', name);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'result.json'), JSON.stringify(content));
  const { labels: truth, probabilities } = outOfFold;
  const ids = Array.from({ length: truth.length / content.labels.length }, (_, row) => String(row));
  const folds = outOfFold.folds!;
  const table = { length: ids.length, lists: () => [ids] };
  const rows = { id: 'id', ids: table, folds, labels: content.labels, truth, probabilities };
  await writeFile(join(directory, 'oof.csv'), [...oofLines(rows)].join(''));
}
