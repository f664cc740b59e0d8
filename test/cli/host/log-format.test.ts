import { describe, expect, it } from 'vitest';
import { renderEntry } from '../../../cli/host/log-format.js';
import { run } from '../capture.js';

const time = new Date('2026-11-25T12:00:00.000Z');
const entry = { time, level: 'WARN', message: 'a fold waits', facts: { fold: 3 } };

describe('an entry of the log', () => {
  it('is a line of text, its facts at the end', () => {
    expect(renderEntry(entry, 'text')).toBe('2026-11-25T12:00:00.000Z WARN a fold waits {"fold":3}');
    expect(renderEntry({ ...entry, facts: {} }, 'text')).toBe('2026-11-25T12:00:00.000Z WARN a fold waits');
  });

  it('is an object of JSON, in which no fact takes the place of its own', () => {
    const facts = { fold: 3, level: 'no', time: 'no', message: 'no' };
    expect(JSON.parse(renderEntry({ ...entry, facts }, 'json'))).toEqual({
      time: time.toISOString(),
      level: 'WARN',
      message: 'a fold waits',
      fold: 3,
    });
  });

  it.each(['text', 'json'] as const)(
    'as %s is one line of bounded length, whatever the facts are',
    (format) => {
      const circle: Record<string, unknown> = { error: new Error('two\nlines'), big: 7n };
      circle['self'] = circle;
      const long = 'x'.repeat(3_000_000);
      const line = renderEntry({ ...entry, message: long, facts: { circle, long } }, format);
      expect(line.length).toBeLessThan(20_000);
      expect(line).not.toContain('\n');
      expect(line).toContain('two\\nlines');
      expect(line).toContain('"7"');
    },
  );

  it.each(['text', 'json'] as const)('as %s says where facts are left out, which are too many', (format) => {
    const facts = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, 'x'.repeat(1_000)]));
    const line = renderEntry({ ...entry, facts }, format);
    expect(line.length).toBeLessThan(200);
    expect(line).toContain('a fold waits');
    expect(line).toContain('"factsLeftOut":true');
  });
});

describe.each(['dev', 'worker'])('the log of %s', (command) => {
  it.each(['--log-level', '--log-format'])('takes no other %s than there are', async (option) => {
    await expect(run(command, option, 'loud')).rejects.toThrow(
      /argument 'loud' is invalid\. Allowed choices/,
    );
  });
});
