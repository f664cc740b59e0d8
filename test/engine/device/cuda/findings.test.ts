import { describe, expect, it } from 'vitest';
import { cudaFindings, type CudaSearch } from '../../../../engine/device/cuda/findings.js';
import { EnvironmentFault } from '../../../../errors/fault.js';

const card = {
  name: 'A card',
  id: null,
  driver: 'driver 580.1',
  memoryBytes: 1,
  isSoftware: false,
  capability: '9.0',
};

const there: CudaSearch = {
  provider: () => '/cache/libonnxruntime.so',
  driver: () => ({ cuda: '13.0', cards: [card] }),
  libraries: () => ['cuBLAS 130000', 'cuDNN 91300'],
};

const lacking = (where: string) => (): never => {
  throw new EnvironmentFault({ where, what: 'it is missing', found: 'nothing', remedy: 'Get it.' });
};

describe('what CUDA needs', () => {
  it('is told part by part where it is there, and the cards', () => {
    expect(cudaFindings(there)).toEqual({
      parts: [
        { part: 'provider', state: 'fine', found: '/cache/libonnxruntime.so' },
        { part: 'driver', state: 'fine', found: 'serves CUDA 13.0, and has one card' },
        { part: 'libraries', state: 'fine', found: 'cuBLAS 130000, cuDNN 91300' },
      ],
      cards: [card],
    });
  });

  it.each(['provider', 'driver', 'libraries'] as const)(
    'is told with the remedy where the %s is missing, beside what else is there',
    (part) => {
      const { parts, cards } = cudaFindings({ ...there, [part]: lacking(part) });
      expect(parts.filter(({ state }) => state === 'missing')).toEqual([
        { part, state: 'missing', found: `${part}: it is missing (nothing)`, remedy: 'Get it.' },
      ]);
      expect(cards).toEqual(part === 'driver' ? [] : [card]);
    },
  );
});
