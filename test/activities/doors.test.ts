import { ApplicationFailure } from '@temporalio/common';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  activityOf,
  artifact,
  ensembleOutOfFold,
  outOfFold,
  samplePipeline,
  trainedFold,
  type StepName,
} from '../../bench/fuzz/calls.js';
import { Doors } from './payloads.js';

let doors: Doors;
beforeEach(() => (doors = new Doors()));
afterEach(() => doors.remove());

/** Refused as wrong input, at once, with nothing written anywhere. */
async function expectRefused(call: Promise<unknown>, before: readonly string[]): Promise<string> {
  const failure: unknown = await call.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  const { type, nonRetryable, message } = failure as ApplicationFailure;
  expect({ type, nonRetryable }).toEqual({
    type: expect.stringMatching(/^(InputFault|PipelineFault)$/) as string,
    nonRetryable: true,
  });
  expect(message.length).toBeLessThan(2_000);
  expect(doors.files()).toEqual(before);
  return message;
}

const steps = Object.keys(activityOf) as StepName[];
const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

describe("a step activity's argument", () => {
  it.each(steps)('of %s passes where it is whole: what is missing then is an artifact', async (step) => {
    if (step === 'data')
      return expect(doors.call('prepareData', doors.argument(step))).resolves.toMatchObject({
        rows: { train: 12 },
      });
    const failure: unknown = await doors
      .call(activityOf[step], doors.argument(step))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'ArtifactMissing' });
  });

  const nothings: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a list', []],
    ['an empty map', {}],
    ['ten thousand levels', deep(10_000)],
  ];
  it.each(steps.flatMap((step) => nothings.map(([title, value]) => [step, title, value] as const)))(
    'of %s is refused where it is %s',
    async (step, _title, value) => {
      await expectRefused(doors.call(activityOf[step], value), doors.files());
    },
  );

  const changes: [string, Record<string, unknown>][] = [
    ['a run of another folder', { run: '../../other' }],
    ['a run that is a path', { run: '/tmp/other' }],
    ['no run', { run: null }],
    ['a key that is no hash', { key: '../../../key' }],
    ['a step of another activity', { step: 'nothing-of-that-name' }],
    ['a step of every object', { step: 'constructor' }],
    ['threads without end', { settings: { fresh: false, device: 'cpu', threads: 4e9 } }],
    ['half a thread', { settings: { fresh: false, device: 'cpu', threads: 1.5 } }],
    ['a device that is a path', { settings: { fresh: false, device: '../x', threads: 1 } }],
    ['inputs that are none', { inputs: null }],
    ['a pipeline that is a path', { pipeline: '/etc/passwd' }],
  ];
  it.each(steps.flatMap((step) => changes.map(([title, change]) => [step, title, change] as const)))(
    'of %s is refused with %s',
    async (step, _title, change) => {
      await expectRefused(doors.call(activityOf[step], doors.argument(step, change)), doors.files());
    },
  );

  const pipelines: [string, Record<string, unknown>][] = [
    ['four billion folds', { folds: { count: 4e9 } }],
    ['folds and a half', { folds: { count: 2.5 } }],
    ['a checkpoint outside, by a relative path', { model: { checkpoint: '../../../outside' } }],
    ['a checkpoint outside, by its own folder', { model: { checkpoint: './x' } }],
    ['a table outside, by a relative path', { data: { train: '../outside.csv' } }],
    ['a table outside, by a path that turns back', { data: { train: '/tmp/../etc/passwd' } }],
    ['a label that is a path', { labels: ['../joy'] }],
    ['a queue that is none', { steps: { data: { run: 'prepareData', queue: '../x' } } }],
    ['an unknown field', { extra: 1 }],
  ];
  it.each(steps.flatMap((step) => pipelines.map(([title, change]) => [step, title, change] as const)))(
    'of %s is refused where its pipeline has %s',
    async (step, _title, change) => {
      const argument = doors.argument(step, { pipeline: doors.pipeline(change) });
      await expectRefused(doors.call(activityOf[step], argument), doors.files());
    },
  );

  it.each([1.5, 99, 0, -1, '1', '../../../../other', null, undefined, [1]])(
    'of a fold is refused for the fold %j',
    async (fold) => {
      await expectRefused(doors.call('trainFold', doors.argument('fold', { fold })), doors.files());
    },
  );

  const outputs: [string, unknown[]][] = [
    ['the name of another folder', [trainedFold('../../../../other')]],
    ['a number that the pipeline does not have', [trainedFold(3)]],
    ['the same number twice', [trainedFold(1), trainedFold(1)]],
    ['no fold at all', []],
    ['a file outside its folder', [trainedFold(1, { model: { '../../../other': artifact() } })]],
    ['an absolute file', [trainedFold(1, { model: { '/tmp/other': artifact() } })]],
    ['a file by another separator', [trainedFold(1, { model: { '..\\other': artifact() } })]],
    ['a hidden folder', [trainedFold(1, { model: { 'a/../../b': artifact() } })]],
    ['an artifact that is a path', [trainedFold(1, { rows: { ...artifact(), sha256: '../../x' } })]],
    ['an artifact of another hash', [trainedFold(1, { rows: { ...artifact(), uri: artifact('c').uri } })]],
    [
      'epochs without end',
      [
        trainedFold(1, {
          epochs: Array.from({ length: 10_001 }, () => ({ epoch: 1, trainLoss: 0, valLoss: 0, macroF1: 0 })),
        }),
      ],
    ],
  ];
  it.each(
    (['oof', 'submission', 'report'] as const).flatMap((step) =>
      outputs.map(([title, fold]) => [step, title, fold] as const),
    ),
  )('of %s is refused where a trained fold has %s', async (step, _title, fold) => {
    const argument = doors.argument(step);
    const inputs = { ...(argument['inputs'] as object), fold };
    await expectRefused(doors.call(activityOf[step], { ...argument, inputs }), doors.files());
  });

  const member = (changes: Record<string, unknown>): Record<string, unknown> => {
    const [first, second] = ensembleOutOfFold().members;
    return { members: [{ ...first, ...changes }, second] };
  };
  const ensembles: [string, Record<string, unknown>][] = [
    ['a member that is a path', member({ id: '../../x' })],
    ['a member that is a fold', member({ id: '1' })],
    ['a table of a member that is a path', member({ csv: { ...artifact(), uri: '/etc/passwd' } })],
    ['a fold that no pipeline has', member({ skippedFolds: [1001] })],
    ['a member without a weight', { weights: { final: [1], without: [] } }],
    [
      'a member without a weight for a fold',
      { weights: { final: [1, 0], without: [{ fold: 1, weights: [1] }] } },
    ],
    ['a weight above 1', { weights: { final: [2, 0], without: [] } }],
    ['a weight that is no number', { weights: { final: ['1', 0], without: [] } }],
    ['a method that is none', { method: 'constructor' }],
  ];
  it.each(ensembles)('of what is tuned is refused where the ensemble has %s', async (_title, changes) => {
    const argument = doors.argument('thresholds');
    const ofEnsemble = (ensemble: unknown): unknown => ({
      ...argument,
      inputs: { ...(argument['inputs'] as object), oof: { ...outOfFold(), ensemble } },
    });
    await expect(doors.call('tuneThresholds', ofEnsemble(ensembleOutOfFold()))).rejects.toMatchObject({
      type: 'ArtifactMissing',
    });
    await expectRefused(doors.call('tuneThresholds', ofEnsemble(ensembleOutOfFold(changes))), doors.files());
  });

  it('is never quoted', async () => {
    const secret = 'a very private text';
    const calls = [
      doors.argument('fold', { fold: secret }),
      doors.argument('fold', { run: `../${secret}` }),
      doors.argument('fold', { [secret]: 1, key: secret }),
    ];
    for (const argument of calls) {
      expect(await expectRefused(doors.call('trainFold', argument), doors.files())).not.toContain(secret);
    }
  });
});

describe('a look-up', () => {
  const call = (changes: Record<string, unknown>): Promise<unknown> => {
    return doors.call('lookupSteps', { ...doors.argument('data'), members: null, ...changes });
  };

  it('of data finds nothing in a new workdir', async () => {
    await expect(call({})).resolves.toMatchObject([{ index: null, output: null }]);
  });

  it.each([
    ['members of a plain step', { members: [1] }],
    ['no members of a matrix', { step: 'fold', inputs: doorsInputs() }],
    ['a fold and a half', { step: 'fold', members: [1.5], inputs: doorsInputs() }],
    ['a fold that is not there', { step: 'fold', members: [3], inputs: doorsInputs() }],
    [
      'members without end',
      { step: 'fold', members: Array.from({ length: 1001 }, () => 1), inputs: doorsInputs() },
    ],
    ['a step that is not there', { step: 'other' }],
    ['inputs that are missing', { step: 'fold', members: [1], inputs: {} }],
    ['nothing at all', { run: undefined, pipeline: undefined }],
  ])('is refused with %s', async (_title, changes) => {
    await expectRefused(call(changes), doors.files());
  });
});

describe('a cell of a matrix over more than folds', () => {
  const matrix = (axes: object) => ({
    data: { run: 'prepareData' },
    fold: { run: 'trainFold', needs: ['data'], matrix: { fold: 'all', ...axes } },
    oof: { run: 'aggregateOof', needs: ['fold'] },
  });
  const call = (changes: Record<string, unknown>, axes: object = { 'training.seed': [1, 2] }) =>
    doors.argument('fold', { pipeline: doors.pipeline({ steps: matrix(axes) }), ...changes });

  it('passes where its pipeline has such a member', async () => {
    await expect(doors.call('trainFold', call({ member: 'seed-2' }))).rejects.toMatchObject({
      type: 'ArtifactMissing',
    });
  });

  it.each([
    ['no member', {}],
    ['a member that is not there', { member: 'seed-3' }],
    ['a member that is a path', { member: '../seed-1' }],
    ['a member that is a fold', { member: '1' }],
    ['a member of every object', { member: 'constructor' }],
    ['a member that is no text', { member: 1 }],
  ])('is refused with %s', async (_title, changes) => {
    await expectRefused(doors.call('trainFold', call(changes)), doors.files());
  });

  it.each([
    ['a checkpoint outside', { 'model.checkpoint': ['../outside'] }],
    ['another table', { 'data.train': ['/etc/passwd'] }],
    ['members without end', { 'training.seed': range(100), 'training.batchSize': range(100) }],
    ['a setting that is none', { 'training.__proto__': [1] }],
  ])('is refused with an axis of %s', async (_title, axes) => {
    await expectRefused(doors.call('trainFold', call({ member: '' }, axes)), doors.files());
    const [id] = Object.keys(axes);
    const member = `${id!.split('.')[1]}-outside`;
    await expectRefused(doors.call('trainFold', call({ member }, axes)), doors.files());
  });

  it('is refused twice, and of an unknown member, among the inputs of others', async () => {
    const pipeline = doors.pipeline({ steps: matrix({ 'training.seed': [1, 2] }) });
    const given = (...members: unknown[]): Record<string, unknown> => {
      const argument = doors.argument('oof', { pipeline });
      const fold = members.map((member) => trainedFold(1, { member }));
      return { ...argument, inputs: { ...(argument['inputs'] as object), fold } };
    };
    await expectRefused(doors.call('aggregateOof', given('seed-1', 'seed-1')), doors.files());
    await expectRefused(doors.call('aggregateOof', given('seed-1', 'seed-3')), doors.files());
    await expectRefused(doors.call('aggregateOof', given('../seed-1')), doors.files());
    await expect(doors.call('aggregateOof', given('seed-1', 'seed-2'))).rejects.toMatchObject({
      type: 'ArtifactMissing',
    });
  });
});

describe('a call that names what it is about', () => {
  const put = (value: unknown) => doors.services.store.putBytes(Buffer.from(JSON.stringify(value)));

  it('is read from the store', async () => {
    const pipeline = await put(doors.pipeline());
    await expect(doors.call('prepareData', doors.argument('data', { pipeline }))).resolves.toMatchObject({
      rows: { train: 12 },
    });
  });

  it('is told which artifact is lost', async () => {
    const call = doors.call('prepareData', doors.argument('data', { pipeline: artifact() }));
    await expect(call).rejects.toMatchObject({ type: 'ArtifactMissing' });
  });

  it.each([
    ['no pipeline', { secret: 'a very private text' }],
    ['a text', 'a very private text'],
    ['a pipeline of another folder', { ...samplePipeline('../other') }],
    ['a reference to another', artifact()],
  ])('is refused where that is %s, which is not quoted', async (_title, value) => {
    const pipeline = await put(value);
    const message = await expectRefused(
      doors.call('prepareData', doors.argument('data', { pipeline })),
      doors.files(),
    );
    expect(message).not.toContain('private');
  });

  it('is refused where it is no JSON, or too long to be read', async () => {
    const text = await doors.services.store.putBytes(Buffer.from('id,text\na,a very private text\n'));
    const { store } = doors.services;
    const long = { ...(await put(doors.pipeline())), bytes: 2 ** 40 };
    for (const pipeline of [text, long]) {
      const call = doors.call('prepareData', doors.argument('data', { pipeline }));
      expect(await expectRefused(call, doors.files())).not.toContain('private');
    }
    expect(await store.has(text)).toBe(true);
  });

  it('is refused where all that it names is more than a process should hold', async () => {
    const output = { ...(await put(trainedFold(1))), bytes: 8_000_000 };
    const fold = Array.from({ length: 17 }, (_, index) => ({ member: `seed-${index}`, output }));
    const argument = doors.argument('oof');
    const inputs = { ...(argument['inputs'] as object), fold };
    await expectRefused(doors.call('aggregateOof', { ...argument, inputs }), doors.files());
  });

  it('is checked as if it carried the outputs of the folds that it names', async () => {
    const named = async (...folds: [member: string, fold: unknown][]): Promise<Record<string, unknown>> => {
      const fold = await Promise.all(
        folds.map(async ([member, output]) => ({ member, output: await put(output) })),
      );
      const argument = doors.argument('oof', { pipeline: await put(doors.pipeline()) });
      return { ...argument, inputs: { ...(argument['inputs'] as object), fold } };
    };
    const whole = await named(['', trainedFold(1)], ['', trainedFold(2)]);
    await expect(doors.call('aggregateOof', whole)).rejects.toMatchObject({ type: 'ArtifactMissing' });
    for (const argument of [
      await named(['', trainedFold('../../x')]),
      await named(['', trainedFold(1)], ['', trainedFold(1)]),
      await named(['seed-1', trainedFold(1)]),
      // What the output says of its member counts for nothing.
      await named(['', trainedFold(1)], ['', trainedFold(1, { member: 'seed-1' })]),
      await named(['', [trainedFold(1)]]),
    ])
      await expectRefused(doors.call('aggregateOof', argument), doors.files());
  });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function doorsInputs(): unknown {
  const whole = new Doors();
  whole.remove();
  return whole.argument('fold')['inputs'];
}

describe("the workflow's input", () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'pipeline.yaml'],
    ['a list', [{}]],
    ['no pipeline', { run: 'run' }],
    ['a pipeline that is a number', { pipeline: 5 }],
    ['a pipeline that is a list', { pipeline: [] }],
    ['no overrides', { pipeline: {}, overrides: null }],
    ['overrides that are a list', { pipeline: {}, overrides: ['a'] }],
    ['overrides of ten thousand levels', { pipeline: {}, overrides: { name: deep(10_000) } }],
    ['a pipeline of ten thousand levels', { pipeline: { name: deep(10_000) } }],
    ['a run that is a number', { pipeline: {}, run: 5 }],
    ['a run that is a path', { pipeline: {}, run: '../../x' }],
    ['fresh that is a word', { pipeline: {}, fresh: 'no' }],
    ['a field with a slip', { pipeline: {}, overide: {} }],
    ['a path that is too long', { pipeline: 'x'.repeat(5_000) }],
    ['a name that is too long', { pipeline: `/${'x'.repeat(300)}` }],
    ['a path with a NUL', { pipeline: '/tmp/a\0b' }],
    ['a URI of another host', { pipeline: 'file://host/pipeline.yaml' }],
    ['a URI with a slash in disguise', { pipeline: 'file:///tmp%2Fpipeline.yaml' }],
    ['another scheme', { pipeline: 'https://host/pipeline.yaml' }],
  ])('is refused where it is or has %s', async (_title, input) => {
    await expectRefused(doors.call('resolvePipeline', input), doors.files());
  });

  it.each([
    ['a table', { data: { train: '../outside.csv' } }],
    ['a table by a URI', { data: { train: 'file:///etc/passwd' } }],
    ['a checkpoint', { model: { checkpoint: '../../..' } }],
  ])('is refused where %s lies outside of the roots', async (_title, changes) => {
    const message = await expectRefused(
      doors.call('resolvePipeline', { pipeline: doors.pipeline(changes), run: 'run' }),
      doors.files(),
    );
    expect(message).toMatch(/may not read there/);
  });

  it('is resolved where it is whole', async () => {
    const input = { pipeline: doors.pipeline(), run: 'run', overrides: { 'training.epochs': 2 } };
    await expect(doors.call('resolvePipeline', input)).resolves.toMatchObject({
      run: 'run',
      pipeline: { training: { epochs: 2 } },
      runDirectory: join(doors.workdir, 'runs', 'run'),
    });
  });
});
