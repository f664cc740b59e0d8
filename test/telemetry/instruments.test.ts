import { describe, expect, it } from 'vitest';
import { Counter, exposition, Gauge, Histogram } from '../../telemetry/instruments.js';

describe('the text that a scrape reads', () => {
  it('has each sample below what its metric is', () => {
    const calls = new Counter('calls_total', 'Calls.', { labels: ['kind'] });
    calls.add(2, { kind: 'a' });
    calls.add(1, { kind: 'a' });
    const size = new Gauge('size_bytes', 'Size.', () => [[{ of: 'x' }, 3] as const], { labels: ['of'] });
    expect(exposition([calls, size])).toBe(
      '# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{kind="a"} 3\n' +
        '# HELP size_bytes Size.\n# TYPE size_bytes gauge\nsize_bytes{of="x"} 3\n',
    );
  });

  it('shows 0 of what has not happened yet, so that a rate sees the first time', () => {
    expect([...new Counter('a_total', '').samples()]).toEqual(['a_total 0']);
    expect([...new Histogram('b_seconds', '', [1]).samples()]).toContain('b_seconds_count 0');
  });

  it('adds the buckets of a histogram up, apart by label', () => {
    const seconds = new Histogram('call_seconds', '', [1, 2], { labels: ['kind'] });
    for (const value of [0.5, 1, 1.5, 9]) seconds.observe(value, { kind: 'a' });
    seconds.observe(1, { kind: 'b' });
    const samples = [...seconds.samples()];
    expect(samples).toContain('call_seconds_bucket{kind="a",le="1"} 2');
    expect(samples).toContain('call_seconds_bucket{kind="a",le="2"} 3');
    expect(samples).toContain('call_seconds_bucket{kind="a",le="+Inf"} 4');
    expect(samples).toContain('call_seconds_sum{kind="a"} 12');
    expect(samples).toContain('call_seconds_count{kind="b"} 1');
  });

  it('escapes labels, and writes what is no finite number as Prometheus does', () => {
    const gauge = new Gauge('g', '', () => [
      [{ l: 'a"b\\c\nd' }, Infinity],
      [{}, -Infinity],
      [{}, NaN],
    ]);
    expect([...gauge.samples()]).toEqual(['g{l="a\\"b\\\\c\\nd"} +Inf', 'g -Inf', 'g NaN']);
  });
});
