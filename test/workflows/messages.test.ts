import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Dice } from '../../bench/dice.js';
import { mutateJson } from '../../bench/fuzz/mutations.js';
import type { Progress } from '../../workflows/progress.js';
import { Bench, progressWhen, server, startEnvironment, without } from './bench.js';
import { FakeTrainer } from './fake-trainer.js';

const metrics = { epoch: 1, trainLoss: 0.5, valLoss: 0.5, macroF1: 0.5 };

/** Bodies of the signal of an epoch that no fold sends; `undefined` is a signal without a body. */
const bodies: unknown[] = [
  undefined,
  null,
  1,
  'epoch',
  [],
  {},
  { fold: 2 },
  { fold: 2, metrics: null },
  { fold: 2, metrics: [] },
  { fold: 2, metrics: { ...metrics, epoch: 1.5 } },
  { fold: 2, metrics: { ...metrics, epoch: 4e9 } },
  { fold: 2, metrics: { ...metrics, macroF1: 'x' } },
  { fold: 99, metrics },
  { fold: 1.5, metrics },
  { fold: -1, metrics },
  { fold: '2', metrics },
  { fold: null, metrics },
];

const encoded = (encoding: string, data: string): Payload => ({
  metadata: { encoding: Buffer.from(encoding) },
  data: Buffer.from(data),
});

/** What no converter can decode. */
const unreadable: Payload[] = [
  encoded('json/plain', '{"fold": '),
  encoded('binary/encrypted', 'x'),
  encoded('json/protobuf', '{}'),
  { data: Buffer.from('{}') },
  {},
];

const json = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);

describe.skipIf(server === null)(`a run that is sent anything${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  let handle: WorkflowHandle;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  /** The folds train until all is sent, however long that takes. */
  let sending = false;
  afterEach(() => {
    sending = false;
    return bench.dispose();
  });
  afterAll(() => environment?.teardown());

  async function training(): Promise<void> {
    sending = true;
    bench = new Bench(environment, new FakeTrainer({ held: () => sending }));
    await bench.work();
    handle = await bench.start();
    await progressWhen(handle, ({ steps }) =>
      steps.some(({ cells }) => cells.some(({ state }) => state === 'running')),
    );
  }

  const completed = (): Promise<unknown> => {
    sending = false;
    return handle.result();
  };

  const execution = () => ({ workflowId: handle.workflowId });
  const signal = async (payloads: Payload[]): Promise<void> => {
    const request = { namespace: environment.namespace ?? 'default', workflowExecution: execution() };
    await environment.client.workflowService.signalWorkflowExecution({
      ...request,
      signalName: 'epochFinished',
      input: { payloads },
    });
  };

  it('ignores and counts every signal that no fold in training can have sent, and completes', async () => {
    await training();
    for (const body of bodies) await signal(body === undefined ? [] : [json(body)]);
    for (const payload of unreadable) await signal([payload]);
    const sent = bodies.length + unreadable.length;
    const progress = await progressWhen(handle, ({ ignored }) => (ignored ?? 0) >= sent);
    expect(progress.ignored).toBe(sent);
    const details = JSON.stringify(await handle.query('__temporal_workflow_metadata'));
    expect(details).toContain(`Ignored: ${sent} signals`);
    expect(await completed()).toMatchObject({ skippedFolds: [] });
  });

  it('rejects updates and answers queries of any form, and completes', async () => {
    await training();
    const choices: unknown[] = [
      null,
      7,
      [],
      {},
      { step: 7 },
      { step: 'x'.repeat(100_000) },
      { step: '__proto__' },
      { step: 'fold', index: 1.5 },
      { step: 'fold', index: 99 },
    ];
    for (const choice of choices) {
      for (const name of ['retry', 'skip', 'other']) {
        const failure: unknown = await handle
          .executeUpdate(name, { args: [choice] })
          .catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(Error);
        expect(((failure as Error).cause as Error | undefined)?.message.length ?? 0).toBeLessThan(500);
      }
      const progress = await handle.query<Progress, [unknown]>('progress', choice);
      expect(progress.state).toBe('running');
      await expect(handle.query<unknown, [unknown]>('other', choice)).rejects.toThrow();
    }
    expect(await completed()).toMatchObject({ skippedFolds: [] });
  });

  it('completes after two hundred generated messages', async () => {
    await training();
    const dice = new Dice(7);
    for (let index = 0; index < 200; index++) {
      const body = mutateJson(dice, index % 2 === 0 ? { fold: 2, metrics } : { step: 'fold', index: 2 });
      if (index % 4 < 2) await signal([json(body ?? null)]);
      else
        await handle
          .executeUpdate(index % 4 === 2 ? 'retry' : 'skip', { args: [body] })
          .catch(() => undefined);
    }
    expect(await completed()).toMatchObject({ skippedFolds: [] });
    expect((await handle.query<Progress>('progress')).ignored).toBeGreaterThan(50);
  });

  it.each(unreadable.map((payload, index) => [index, payload] as const))(
    'fails at once, with a message, where its input cannot be read (%i)',
    async (index, payload) => {
      bench = new Bench(environment);
      await bench.work();
      const workflowId = `${bench.taskQueue}-unreadable-${index}`;
      await environment.client.workflowService.startWorkflowExecution({
        namespace: environment.namespace ?? 'default',
        workflowId,
        requestId: workflowId,
        workflowType: { name: 'pipeline' },
        taskQueue: { name: bench.taskQueue },
        input: { payloads: [payload] },
      });
      await expect(environment.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
        cause: { type: 'InputFault', message: expect.stringMatching(/the workflow input/) as string },
      });
    },
  );
});
