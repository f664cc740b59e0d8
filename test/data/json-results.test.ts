import { describe, expect, it } from 'vitest';
import { jsonLines } from '../../data/json-results.js';

const row = (id: string, idIsNumber: boolean, predictions: number[], probabilities: number[]) => ({
  id,
  idIsNumber,
  predictions: Uint8Array.from(predictions),
  probabilities: Float32Array.from(probabilities),
});
const rows = [
  row('12345678901234567890', true, [1, 0], [0.1, 0.25]),
  row('a "b"\n', false, [1, 1], [1, 1e-8]),
  row('', false, [0, 0], [0, NaN]),
];

describe('predictions as JSON lines', () => {
  it('have the id as it was, the labels that are given, and probabilities where they are asked for', () => {
    const labels = ['joy', 'say "x"'];
    expect([...jsonLines({ id: 'id', labels, rows, probabilities: false })]).toEqual([
      '{"id":12345678901234567890,"labels":["joy"]}\n',
      '{"id":"a \\"b\\"\\n","labels":["joy","say \\"x\\""]}\n',
      '{"id":"","labels":[]}\n',
    ]);
    expect([...jsonLines({ id: 'key', labels, rows, probabilities: true })]).toEqual([
      '{"key":12345678901234567890,"labels":["joy"],"probabilities":{"joy":0.1,"say \\"x\\"":0.25}}\n',
      '{"key":"a \\"b\\"\\n","labels":["joy","say \\"x\\""],"probabilities":{"joy":1,"say \\"x\\"":1e-8}}\n',
      '{"key":"","labels":[],"probabilities":{"joy":0,"say \\"x\\"":null}}\n',
    ]);
  });

  it('have no key twice, whatever the ids are called', () => {
    const [line] = jsonLines({ id: 'labels', labels: ['a', 'b'], rows, probabilities: false });
    expect(line).toMatch(/^\{"id":/);
  });
});
