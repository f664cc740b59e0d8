import { ApplicationFailure } from '@temporalio/common';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcceptedRuns } from '../../activities/admission.js';
import { requireResolved } from '../../pipeline/resolved.js';
import { Doors } from './payloads.js';

let accepts: AcceptedRuns;
let doors: Doors;
beforeEach(() => {
  accepts = new AcceptedRuns();
  doors = new Doors();
});
afterEach(() => doors.remove());

const first = { workflowId: 'ours', runId: 'first' };
const second = { workflowId: 'ours', runId: 'second' };

function resolve(execution: object, changes: Record<string, unknown> = {}, run = 'run'): Promise<unknown> {
  return doors.call('resolvePipeline', { pipeline: doors.pipeline(changes), run }, { execution });
}

describe("a run's name", () => {
  it('belongs to the workflow that took it first, also for its later activities', async () => {
    await resolve(first);
    await expect(resolve(first)).resolves.toMatchObject({ run: 'run' });
    await expect(
      doors.call('prepareData', doors.argument('data'), { execution: first }),
    ).resolves.toBeDefined();
  });

  it.each([
    ['the same workflow, run again', second, {}],
    ['another workflow', { workflowId: 'theirs', runId: 'first' }, {}],
    ['another pipeline', second, { labels: ['joy'] }],
  ])('is refused to %s', async (_title, execution, changes) => {
    await resolve(first);
    const refused = {
      type: 'InputFault',
      nonRetryable: true,
      message: expect.stringMatching(/another run of that name/) as string,
    };
    await expect(resolve(execution, changes)).rejects.toMatchObject(refused);
    const before = doors.files();
    const argument = doors.argument('data', { pipeline: doors.pipeline(changes) });
    await expect(doors.call('prepareData', argument, { execution })).rejects.toMatchObject(refused);
    expect(doors.files()).toEqual(before);
  });

  it('stays with a workflow that is reset to a later point, which Temporal names anew', async () => {
    const { settings } = (await resolve(first)) as { settings: { execution: string } };
    expect(settings.execution).toBe('first');
    const argument = doors.argument('data', { settings });
    await expect(doors.call('prepareData', argument, { execution: second })).resolves.toBeDefined();
    const others = { workflowId: 'theirs', runId: 'second' };
    await expect(doors.call('prepareData', argument, { execution: others })).rejects.toThrow(
      /another run of that name/,
    );
  });

  it('is taken where a folder has the results of an earlier version', async () => {
    mkdirSync(join(doors.workdir, 'runs', 'run'), { recursive: true });
    writeFileSync(join(doors.workdir, 'runs', 'run', 'result.json'), '{}');
    await expect(resolve(first)).rejects.toThrow(/another run of that name/);
  });

  it.each(['', 'null', '[]', '{"workflowId": 1}', '{'.repeat(50), 'x'.repeat(20_000)])(
    'is refused where run.json is %.20s',
    async (text) => {
      mkdirSync(join(doors.workdir, 'runs', 'run'), { recursive: true });
      writeFileSync(join(doors.workdir, 'runs', 'run', 'run.json'), text);
      await expect(resolve(first)).rejects.toMatchObject({ type: 'InputFault', nonRetryable: true });
    },
  );
});

describe('a worker that works for the runs of its own process', () => {
  const accepted = { workflowId: 'ours', runId: 'any' };
  beforeEach(() => {
    doors.remove();
    doors = new Doors({ accepts });
    accepts.add('ours', 'run', requireResolved(doors.pipeline()));
  });
  const stranger = {
    type: 'InputFault',
    nonRetryable: true,
    message: expect.stringMatching(/works for the run alone/) as string,
  };

  it('works for these', async () => {
    await expect(resolve(accepted)).resolves.toMatchObject({ run: 'run' });
    await expect(
      doors.call('prepareData', doors.argument('data'), { execution: accepted }),
    ).resolves.toBeDefined();
  });

  it.each([
    ['another workflow', { workflowId: 'theirs', runId: 'any' }, {}, 'run'],
    ['another name', accepted, {}, 'other'],
    ['another pipeline', accepted, { labels: ['joy'] }, 'run'],
  ])('refuses %s, and neither reads nor writes for it', async (_title, execution, changes, run) => {
    const before = doors.files();
    await expect(resolve(execution, changes, run)).rejects.toMatchObject(stranger);
    const argument = doors.argument('data', { pipeline: doors.pipeline(changes), run });
    await expect(doors.call('prepareData', argument, { execution })).rejects.toMatchObject(stranger);
    expect(doors.files()).toEqual(before);
  });

  it('does not even look for a pipeline of strangers', async () => {
    const input = { pipeline: join(doors.folder, 'outside.csv'), run: 'run' };
    for (const execution of [accepted, { workflowId: 'theirs', runId: 'x' }]) {
      await expect(doors.call('resolvePipeline', input, { execution })).rejects.toMatchObject(stranger);
    }
  });

  it('leaves an earlier run of the workdir to another worker: that is tried again', async () => {
    const folder = join(doors.workdir, 'runs', 'earlier');
    mkdirSync(folder, { recursive: true });
    const earlier = { workflowId: 'earlier', runId: 'x' };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(earlier));
    const call = doors.call('prepareData', doors.argument('data', { run: 'earlier' }), {
      execution: earlier,
    });
    const failure: unknown = await call.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'EnvironmentFault', nonRetryable: false });
    expect(readFileSync(join(folder, 'run.json'), 'utf8')).toBe(JSON.stringify(earlier));
  });
});
