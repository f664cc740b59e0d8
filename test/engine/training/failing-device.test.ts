import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Device } from '../../../engine/device/device.js';
import type { TrainingState } from '../../../engine/device/training-state.js';
import { DeviceFault, type DeviceFaultKind } from '../../../engine/runtime/fault.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldCheckpoint, FoldJob, FoldMessage } from '../../../engine/training/job.js';
import { OutOfMemoryFault } from '../../../engine/training/micro-batch.js';
import { bits, job, never, useSmallFolds } from './small-fold.js';

/** The step of the device at which it fails, and how; it holds nothing any more then, and answers no call. */
const failing = vi.hoisted((): { at: number; kind: DeviceFaultKind; closed: number } => ({
  at: Infinity,
  kind: 'lost',
  closed: 0,
}));

vi.mock(import('../../../engine/device/open.js'), async (original) => {
  const { openDevice } = await original();
  return {
    openDevice: async (name, options): Promise<Device> => {
      const device = await openDevice(name, options);
      const train: Device['train'] = async (training) => failingState(await device.train(training));
      return Object.assign(Object.create(device) as Device, { train });
    },
  };
});

function failingState(state: TrainingState): TrainingState {
  let steps = 0;
  const step: TrainingState['step'] = (...args) =>
    ++steps < failing.at
      ? state.step(...args)
      : Promise.reject(new DeviceFault(failing.kind, 'a card, run', 'as its log says'));
  const close = (): Promise<void> => {
    failing.closed++;
    // A device that is gone may never answer.
    return steps < failing.at ? state.close() : new Promise(() => undefined);
  };
  return new Proxy(state, {
    get: (target, name) => {
      if (name === 'step') return step;
      if (name === 'close') return close;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

useSmallFolds();
afterEach(() => Object.assign(failing, { at: Infinity, closed: 0 }));

/** Trains until the device fails, a checkpoint after each epoch of seven steps. */
async function failed(changes: Partial<FoldJob> = {}): Promise<[unknown, FoldCheckpoint[]]> {
  const kept: FoldCheckpoint[] = [];
  const listen = (message: FoldMessage): void => {
    if (message.type === 'checkpoint') kept.unshift(message.checkpoint);
  };
  const training = job('bert', changes, { checkpointEvery: 0 });
  const error: unknown = await trainFold(training, listen, never).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return [error, kept];
}

describe('a fold whose device fails', () => {
  it('in the middle of a step says so at once, which may pass, and goes on from its checkpoint', async () => {
    const whole = await trainFold(job('bert'), () => undefined, never);
    Object.assign(failing, { at: 10, kind: 'lost', closed: 0 });
    const [error, resume] = await failed();
    expect(error).toBeInstanceOf(DeviceFault);
    expect(error).toMatchObject({ retryable: true, name: 'DeviceFault' });
    expect(String(error)).toContain('a card, run: the device is lost; found as its log says');
    expect(failing.closed).toBe(0);
    expect(resume.length).toBeGreaterThan(0);
    failing.at = Infinity;
    const resumedFrom: number[] = [];
    const listen = (message: FoldMessage): void => {
      if (message.type === 'started') resumedFrom.push(message.resumedFrom);
    };
    expect(bits(await trainFold(job('bert', { resume }), listen, never))).toEqual(bits(whole));
    expect(resumedFrom).toEqual([resume[0]!.step]);
  });

  it('for want of memory is told as such, so that fewer texts at once are tried; what else has it may give it back', async () => {
    Object.assign(failing, { at: 3, kind: 'memory' });
    const [error] = await failed();
    expect(error).toBeInstanceOf(OutOfMemoryFault);
    expect(error).toMatchObject({ retryable: true, name: 'OutOfMemoryFault' });
    expect(String(error)).toMatch(
      /training\.microBatch: the memory of the device was not enough.*Set training\.microBatch to 4 or less, or end what else uses the card/,
    );
    expect(failing.closed).toBe(0);
  });

  it('that is none of the device’s gives back what it holds', async () => {
    const stop = new AbortController();
    const training = trainFold(job('bert'), ({ type }) => type === 'step' && stop.abort(), stop.signal);
    await expect(training).rejects.toThrow();
    expect(failing.closed).toBe(1);
  });
});
