import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { currentFacts, factsOf, withFacts, type ActivityFacts } from '../../worker/activity-facts.js';
import { startChild } from '../../worker/child-process.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-facts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what a line of the log says of its activity', () => {
  it('is taken of a call: its run, its fold and its member', () => {
    expect(factsOf({ run: 'moods-1', fold: 2, member: 'seed-3', pipeline: {} }, 4)).toEqual({
      run: 'moods-1',
      fold: 2,
      member: 'seed-3',
      attempt: 4,
    });
    expect(factsOf({ run: 'moods-1', fold: 2, member: '' }, 1)).toEqual({
      run: 'moods-1',
      fold: 2,
      attempt: 1,
    });
  });

  it.each([[undefined], ['text'], [{ run: { a: 1 }, fold: 'x', member: 5 }], [{ run: 'a\nb'.repeat(9) }]])(
    'is nothing that has not the form of a name: %j',
    (argument) => expect(factsOf(argument, 1)).toEqual({ attempt: 1 }),
  );

  it('goes with the whole lines that a child of the activity prints, however they come', async () => {
    const script = join(folder, 'child.mjs');
    writeFileSync(
      script,
      `process.stdout.write('one\\ntw');
       setTimeout(() => { process.stdout.write('o\\n' + 'x'.repeat(20_000)); console.error('three'); process.disconnect(); }, 100);`,
    );
    const heard: [string, ActivityFacts][] = [];
    const child = withFacts({ run: 'moods-1', fold: 2, attempt: 1 }, () =>
      startChild({ script, kind: 'engine', onOutput: (line, facts) => heard.push([line, facts]) }),
    );
    expect(currentFacts()).toEqual({});
    await once(child, 'close');
    const lines = heard.map(([line]) => line);
    expect(lines.filter((line) => line.length < 10)).toEqual(expect.arrayContaining(['one', 'two', 'three']));
    expect(lines.join('')).toContain('x'.repeat(20_000).slice(0, 8_000));
    expect(new Set(heard.map(([, facts]) => JSON.stringify(facts)))).toEqual(
      new Set(['{"run":"moods-1","fold":2,"attempt":1}']),
    );
  });
});
