import { expect, it } from 'vitest';
import { normalised } from '../../../data/duplicates/normalised.js';
import { seeded } from '../../metrics/cases.js';

it('makes every run of white space one blank, and leaves none around', () => {
  const parts = [' ', '  ', '\t', '\u00a0', '\n\r\n', ' \t ', '\u3000', '\ufeff', 'x', 'É', 'e\u0301', ' y'];
  for (let seed = 0; seed < 2000; seed++) {
    const draw = seeded(seed);
    const text = Array.from({ length: 8 }, () => parts[Math.floor(draw() * parts.length)]!).join('');
    const words = text.normalize('NFC').toLowerCase().split(/\s+/u);
    expect(normalised(text)).toBe(words.filter((word) => word !== '').join(' '));
  }
});
