import { expect, it } from 'vitest';
import { trainingDigests } from '../../activities/input-digests.js';
import { kindOfDevice } from '../../engine/device/device.js';
import type { RunSettings } from '../../activities/contracts.js';
import { InputFault } from '../../errors/fault.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { referenceTraining, type TrainingOptions } from '../../pipeline/training.js';

const digests = async (device: string, precision: TrainingOptions['precision']): Promise<object> => {
  const services = { engineSignature: () => 'the engine', roots: null } as unknown as Parameters<
    typeof trainingDigests
  >[0];
  const pipeline = { model: {}, training: { ...referenceTraining, precision } } as unknown as Pipeline;
  const settings = { device, threads: 1, fresh: false } as RunSettings;
  return trainingDigests(services, pipeline, settings);
};

it.each([
  ['cpu', 'auto', 'the engine'],
  ['cpu', 'float32', 'the engine'],
  ['webgpu', 'auto', 'the engine'],
  ['webgpu', 'float16', 'the engine, float16'],
  ['cuda:0', 'auto', 'the engine, float16'],
  ['cuda:0', 'float32', 'the engine'],
  ['cuda:0', 'bfloat16', 'the engine, bfloat16'],
] as const)('what a fold’s bits depend on, on %s by %s, is %s', async (device, precision, engine) => {
  expect(await digests(device, precision)).toEqual({ model: null, device: kindOfDevice(device), engine });
});

it('there is no key of a precision that the device is not trained in', async () => {
  await expect(digests('cpu', 'float16')).rejects.toThrow(InputFault);
});
