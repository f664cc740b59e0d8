import { describe, expect, it } from 'vitest';
import { InputFault } from '../../../errors/fault.js';
import { precisionOn, scoredIn } from '../../../engine/precision/choice.js';
import { lossScaleOf } from '../../../engine/precision/precision.js';
import { signatureIn } from '../../../engine/training/signature.js';

describe('what is trained in', () => {
  it.each([
    ['cpu', 'auto', 'float32'],
    ['cpu', 'float32', 'float32'],
    ['webgpu', 'auto', 'float32'],
    ['webgpu', 'float32', 'float32'],
    ['webgpu', 'float16', 'float16'],
    ['cuda:0', 'auto', 'float16'],
    ['cuda:3', 'float32', 'float32'],
    ['cuda:0', 'float16', 'float16'],
    ['cuda:0', 'bfloat16', 'bfloat16'],
  ] as const)('on %s by %s is %s', (device, setting, expected) => {
    expect(precisionOn(device, setting)).toBe(expected);
  });

  it.each([
    ['cpu', 'float16', 'auto, which is float32 there'],
    ['cpu', 'bfloat16', 'auto, which is float32 there'],
    ['webgpu', 'bfloat16', 'auto, which is float32 there'],
  ] as const)('on %s cannot be %s, which one message says', (device, setting, remedy) => {
    const choose = (): unknown => precisionOn(device, setting);
    expect(choose).toThrow(InputFault);
    expect(choose).toThrow(`training.precision: ${setting} is not trained in on ${device}: `);
    expect(choose).toThrow(remedy);
  });

  it.each([
    ['cpu', 'float16', 'float32'],
    ['webgpu', 'float16', 'float16'],
    ['webgpu', 'bfloat16', 'float32'],
    ['cuda:1', 'bfloat16', 'bfloat16'],
    ['cuda:0', undefined, 'float32'],
  ] as const)('is scored in on %s, of folds in %s: %s', (device, judged, expected) => {
    expect(scoredIn(device, judged)).toBe(expected);
  });

  it('is named by a signature, but for float32, whose keys are as they were', () => {
    expect(signatureIn('float32', 'engine 2, cpu')).toBe('engine 2, cpu');
    expect(signatureIn('float16', 'engine 2, cuda')).toBe('engine 2, cuda, float16');
  });

  it('has a loss scale in float16 alone', () => {
    expect(lossScaleOf('float16')).toMatchObject({ first: 65_536, interval: 2000 });
    expect([lossScaleOf('float32'), lossScaleOf('bfloat16')]).toEqual([null, null]);
  });
});
