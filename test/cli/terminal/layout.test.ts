import { describe, expect, it } from 'vitest';
import { bar, columns, fit, oneLine } from '../../../cli/terminal/layout.js';
import { tableLines } from '../../../cli/terminal/table.js';

describe('the terminal layout', () => {
  it.each([
    [0, '░░░░'],
    [0.5, '██░░'],
    [0.53125, '██▏░'],
    [1, '████'],
    [-1, '░░░░'],
    [7, '████'],
  ])('draws the share %d as %s', (share, drawn) => {
    expect(bar(share, 4)).toBe(drawn);
  });

  it('cuts a text with an ellipsis, and only one that is too long', () => {
    expect([fit('abcd', 4), fit('abcde', 4), fit('abc', 1), fit('abc', 0)]).toEqual([
      'abcd',
      'abc…',
      '…',
      '',
    ]);
  });

  it('counts no columns for colour codes and one for a character outside the basic plane', () => {
    expect([columns('\u001b[31mab\u001b[39m'), columns('𝒜b')]).toEqual([2, 2]);
  });

  it('makes one line of many', () => {
    expect(oneLine(' a\r\n\tb\u001b[0m ')).toBe('a b [0m');
  });

  it('aligns a table: words to the left, numbers to the right', () => {
    expect(
      tableLines([
        ['label', 'F1'],
        ['a', '\u001b[1m0.5\u001b[22m'],
      ]),
    ).toEqual(['label   F1', 'a      \u001b[1m0.5\u001b[22m']);
  });
});
