import { InputFault } from '../../errors/fault.js';
import type { FuzzTarget } from './target.js';

const fault = (name: string, run: FuzzTarget['run'], limitMs?: number): FuzzTarget => ({
  name,
  reads: 'nothing: it shows that the campaign notices',
  extension: '.bin',
  make: () => new Uint8Array(1),
  run,
  ...(limitMs === undefined ? {} : { limitMs }),
});

/** Readers with a defect each, by which the campaign itself is tested; not among the targets. */
export const planted: readonly FuzzTarget[] = [
  fault('planted-good', () => Promise.resolve('read')),
  fault('planted-refusal', () => Promise.reject(new InputFault({ where: 'it', what: 'it is refused' }))),
  fault('planted-crash', () => Promise.reject(new TypeError('a raw error'))),
  fault('planted-event', () => {
    setTimeout(() => {
      throw new Error('thrown in an event');
    }, 1);
    return new Promise(() => undefined);
  }),
  fault('planted-abort', () => process.abort()),
  fault('planted-hang', () => new Promise(() => undefined), 300),
  fault(
    'planted-spin',
    () => {
      for (;;);
    },
    300,
  ),
  fault('planted-memory', () => {
    const blocks = Array.from({ length: 11 }, () => Buffer.alloc(100 * 2 ** 20, 1));
    return Promise.resolve(blocks.length);
  }),
];
