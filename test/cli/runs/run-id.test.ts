import { describe, expect, it } from 'vitest';
import { runIdOf } from '../../../cli/runs/start-run.js';
import { namePattern } from '../../../pipeline/schema.js';
import { parse, minimal } from '../../pipeline/minimal.js';

const longestFileName = 255;

describe('the id of a run', () => {
  it.each(['e', 'a'.repeat(64), '漢'.repeat(64), '𠀀'.repeat(63), `${'a'.repeat(40)}𠀀${'b'.repeat(23)}`])(
    'can name its directory, whatever the pipeline is called: %s',
    (name) => {
      const run = runIdOf(parse(minimal.replace('name: e', `name: ${name}`)), new Date(0));
      expect(run).toMatch(namePattern);
      expect(Buffer.byteLength(run)).toBeLessThanOrEqual(longestFileName);
      expect(run).toMatch(/-19700101-000000-[0-9a-f]{6}$/);
    },
  );

  it('and a name of the greatest length fits a file system as well', () => {
    const longest = (letter: string): number =>
      Math.max(...[1, 62, 63, 64].filter((n) => namePattern.test(letter.repeat(n))));
    expect(['a', '漢', '𠀀'].map(longest)).toEqual([64, 64, 63]);
    expect(Buffer.byteLength('𠀀'.repeat(63) + '漢')).toBeLessThanOrEqual(longestFileName);
  });
});
