import { describe, expect, it } from 'vitest';
import { integers } from '../../engine/kernels/philox.js';
import { drawingGroups } from '../../metrics/bootstrap.js';
import { differencesOf, type Difference } from '../../metrics/difference.js';
import { f1PerLabel, macroF1 } from '../../metrics/f1.js';
import { generatedCase } from './cases.js';

const draw = (resample: number, rows: number): Uint32Array => integers(rows, rows, [5, 0], [resample, 0, 0]);

/** Zero has one sign here. */
const plain = (value: number): number => (value === 0 ? 0 : value);

describe('the difference of two runs', () => {
  it('is that of their scores, label by label and macro', () => {
    for (let seed = 1; seed <= 15; seed++) {
      const { labels, width, probabilities } = generatedCase(seed);
      const decided = probabilities.map((p) => Number(p > 0.4));
      const others = probabilities.map((p) => Number(p > 0.7));
      const [one, other] = [Uint8Array.from(decided), Uint8Array.from(others)];
      const { perLabel, macro } = differencesOf({ labels, base: other, decided: one, width }, draw)!;
      expect(macro.base).toBeCloseTo(macroF1(labels, other, width), 12);
      expect(macro.f1).toBeCloseTo(macroF1(labels, one, width), 12);
      expect(macro.difference).toBeCloseTo(macro.f1 - macro.base, 12);
      const f1 = f1PerLabel(labels, one, width);
      perLabel.forEach((each, label) => {
        expect(each.f1).toBe(f1[label]);
        if (each.verdict === 'untold') expect(each.difference).toBeNaN();
        else expect(each.difference).toBe(each.f1 - each.base);
        expect(each.interval[0]).not.toBeGreaterThan(each.interval[1]);
      });
    }
  });

  it('turns every sign, exactly, where the two are turned round', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { labels, width, probabilities } = generatedCase(seed);
      const base = Uint8Array.from(probabilities, (p) => Number(p > 0.4));
      const decided = Uint8Array.from(probabilities, (p) => Number(p > 0.65));
      const there = differencesOf({ labels, base, decided, width }, draw)!;
      const back = differencesOf({ labels, base: decided, decided: base, width }, draw)!;
      const pairs = [...there.perLabel, there.macro].map((each, place): [Difference, Difference] => [
        each,
        [...back.perLabel, back.macro][place]!,
      ]);
      for (const [one, other] of pairs) {
        expect(plain(other.difference)).toBe(plain(-one.difference));
        expect(plain(other.interval[0])).toBe(plain(-one.interval[1]));
        expect(plain(other.interval[1])).toBe(plain(-one.interval[0]));
        expect([other.base, other.f1, other.differing]).toEqual([one.f1, one.base, one.differing]);
        const turned = { better: 'worse', worse: 'better', 'not-shown': 'not-shown', untold: 'untold' };
        expect(other.verdict).toBe(turned[one.verdict]);
      }
    }
  });

  it('is nothing at all of the same decisions', () => {
    const { labels, width, probabilities } = generatedCase(4);
    const decided = Uint8Array.from(probabilities, (p) => Number(p > 0.4));
    const { perLabel, macro } = differencesOf({ labels, base: decided, decided, width }, draw)!;
    for (const each of [...perLabel.filter(({ verdict }) => verdict !== 'untold'), macro]) {
      expect(each).toMatchObject({ difference: 0, interval: [0, 0], differing: 0, verdict: 'not-shown' });
    }
  });

  it('is shown where one run is right and the other is not, but not by five rows', () => {
    const labels = Uint8Array.from({ length: 200 }, (_, row) => row % 2);
    const base = labels.map((label, row) => (row % 10 === 1 ? 0 : label));
    expect(differencesOf({ labels, base, decided: labels, width: 1 }, draw)!.macro).toMatchObject({
      f1: 1,
      differing: 20,
      verdict: 'better',
    });
    const of = (rows: number): Difference => {
      const all = new Uint8Array(rows).fill(1);
      return differencesOf({ labels: all, base: new Uint8Array(rows), decided: all, width: 1 }, draw)!.macro;
    };
    expect(of(1)).toMatchObject({ difference: 1, interval: [1, 1], verdict: 'not-shown' });
    expect(of(5).verdict).toBe('not-shown');
    expect(of(6).verdict).toBe('better');
  });

  it('counts groups, not rows, where these are drawn', () => {
    const all = new Uint8Array(60).fill(1);
    const of = (groups: number): Difference => {
      const groupOf = Int32Array.from({ length: 60 }, (_, row) => row % groups);
      const drawing = drawingGroups(draw, groupOf);
      return differencesOf({ labels: all, base: new Uint8Array(60), decided: all, width: 1 }, drawing)!.macro;
    };
    expect(of(5)).toMatchObject({ differing: 60, difference: 1, verdict: 'not-shown' });
    expect(of(6)).toMatchObject({ differing: 60, verdict: 'better' });
  });

  it('is untold of a label that never occurs, and not defined without a row', () => {
    const labels = Uint8Array.from({ length: 40 }, (_, entry) => (entry % 2 === 0 ? 1 : 0));
    const { perLabel } = differencesOf(
      { labels, base: new Uint8Array(40), decided: new Uint8Array(40).fill(1), width: 2 },
      draw,
    )!;
    expect(perLabel.map(({ verdict }) => verdict)).toEqual(['better', 'untold']);
    const none = new Uint8Array(0);
    expect(differencesOf({ labels: none, base: none, decided: none, width: 2 }, draw)).toBeNull();
  });
});
