import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withModelScores } from '../../activities/ensemble.js';
import type { Predictor } from '../../activities/services.js';
import type { DeviceName } from '../../engine/device/device.js';
import { BatchTooLarge } from '../../engine/inference/predict.js';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { EnvironmentFault } from '../../errors/fault.js';
import { EngineFault } from '../../worker/engine-process.js';

const scratch = mkdtempSync(join(tmpdir(), 'foldwise-ensemble-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const ensemble: EnsembleDefinition = {
  task: 'multi-label',
  labels: ['joy'],
  thresholds: [0.5],
  members: [{ weight: 1, models: ['a', 'b', 'c'].map((folder) => ({ folder, maxLength: 8 })) }],
};

type Call = Parameters<Predictor['predict']>;

/** The models of an ensemble, scored by a predictor that does as it is told. */
async function scored(device: DeviceName | undefined, predict: (...call: Call) => void) {
  let [now, most] = [0, 0];
  const predictor: Predictor = {
    predict: async (...call) => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      predict(...call);
      writeFileSync(call[1].output, call[0]);
    },
  };
  const services = { predictor, slots: 2, scratch, tables: { run: () => Promise.reject(new Error()) } };
  const request = { ensemble, table: 'rows', threads: 1, device, signal: new AbortController().signal };
  const models = await withModelScores(services, request, ({ members }) =>
    Promise.resolve(members[0]!.models.map((file) => readFileSync(file, 'utf8'))),
  );
  return { models, most };
}

/** As a child tells of it. */
function asTold(fault: EnvironmentFault): EngineFault {
  const { name, message, retryable, details } = fault;
  return new EngineFault('the ensemble', { type: 'failed', name, message, retryable, details });
}

describe('the models of an ensemble', () => {
  it('are asked as many at once as there are slots, and on a card one after another', async () => {
    const devices = new Set<unknown>();
    const note = (...[, , { device }]: Call): void => void devices.add(device);
    expect(await scored(undefined, note)).toEqual({ models: ['a', 'b', 'c'], most: 2 });
    expect([...devices]).toEqual(['cpu']);
    expect(await scored('webgpu', note)).toEqual({ models: ['a', 'b', 'c'], most: 1 });
    expect([...devices]).toEqual(['cpu', 'webgpu']);
  });

  it('are asked again with smaller batches where a card has no memory for them', async () => {
    const tried: unknown[] = [];
    const { models } = await scored('webgpu', (folder, _, { halvings = 0 }) => {
      tried.push([folder, halvings]);
      if (folder === 'b' && halvings < 2)
        throw asTold(new BatchTooLarge({ where: 'WebGPU, run', what: 'the device has no memory left' }));
    });
    expect(models).toEqual(['a', 'b', 'c']);
    expect(tried).toEqual([
      ['a', 0],
      ...[0, 1, 2].map((halvings) => ['b', halvings]),
      // One like it begins with what has been found to fit.
      ['c', 2],
    ]);
  });

  it('are given up where not even few tokens fit, and at once where something else is wrong', async () => {
    const tried: unknown[] = [];
    const failing = (fault: EnvironmentFault) =>
      scored('webgpu', (folder, _, { halvings = 0 }) => {
        tried.push([folder, halvings]);
        throw asTold(
          halvings < 2 ? fault : new EnvironmentFault({ where: 'WebGPU', what: 'none are smaller' }),
        );
      });
    const memory = new BatchTooLarge({ where: 'WebGPU, run', what: 'the device has no memory left' });
    await expect(failing(memory)).rejects.toThrow(/none are smaller/);
    expect(tried.splice(0)).toEqual([0, 1, 2].map((halvings) => ['a', halvings]));
    const lost = new EnvironmentFault({ where: 'WebGPU, run', what: 'the device is lost' });
    await expect(failing(lost)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringMatching(/is lost/) as string,
    });
    expect(tried).toEqual([['a', 0]]);
  });
});
