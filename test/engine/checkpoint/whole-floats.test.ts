import { describe, expect, it } from 'vitest';
import { jsonWithFloats, wholeFloatsOf } from '../../../engine/checkpoint/whole-floats.js';

describe('whole numbers with a point', () => {
  it('are found by their names at any depth, other numbers are not', () => {
    const json =
      '{"a": 2.0, "b": 2, "c": {"d" : -160000.0 }, "e": 0.5, "f": 1e-5, "g": "2.0", "h": [3.0], "i": 2.05}';
    expect([...wholeFloatsOf(json)]).toEqual(['a', 'd']);
  });

  it('stay so when they are written, and nothing else changes', () => {
    const json = '{"a": 2.0, "b": 2, "c": {"a": -3.0, "d": "2.0"}, "e": [0.5, null, true]}';
    const written = jsonWithFloats(JSON.parse(json), wholeFloatsOf(json));
    expect(written.replaceAll(/\s+/g, ' ')).toBe(
      '{ "a": 2.0, "b": 2, "c": { "a": -3.0, "d": "2.0" }, "e": [ 0.5, null, true ] }',
    );
    expect(jsonWithFloats({ a: 2.5, b: 'x' }, new Set(['a', 'b']))).toBe('{\n  "a": 2.5,\n  "b": "x"\n}');
  });
});
