import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { campaign as Campaign } from '../../bench/fuzz/campaign.js';
import type { planted as Planted } from '../../bench/fuzz/planted.js';
import { targets } from '../../bench/fuzz/targets/index.js';

/** The children are plain Node, so the campaign comes from the build. */
const compiled = join(process.cwd(), 'dist/bench/fuzz/campaign.js');
const built = existsSync(compiled);
const withoutBuild = built ? '' : ' (skipped: `npm run build` has not been run)';

async function load<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(join(process.cwd(), 'dist/bench/fuzz', file)).href)) as T;
}

describe.skipIf(!built)(`what reads foreign bytes${withoutBuild}`, () => {
  it.each(targets.map((target) => [target.name, target] as const))(
    '%s: accepts or refuses, in bounded time and memory',
    async (_, target) => {
      const { campaign } = await load<{ campaign: typeof Campaign }>('campaign.js');
      const summary = await campaign(target, { seed: 7, inputs: 40, jobs: 1 });
      expect(summary.found).toEqual([]);
      expect(summary.inputs).toBe(40);
      // Inputs that are all refused at the first byte would show nothing, as would inputs that are all sound.
      expect(summary.verdicts.accepted).toBeGreaterThan(0);
      expect(summary.verdicts.refused).toBeGreaterThan(0);
    },
    180_000,
  );

  it.each([
    ['planted-good', 'accepted'],
    ['planted-refusal', 'refused'],
    ['planted-crash', 'crash'],
    ['planted-event', 'crash'],
    ['planted-abort', 'crash'],
    ['planted-hang', 'hang'],
    ['planted-spin', 'hang'],
    ['planted-memory', 'memory'],
  ] as const)('a campaign notices: %s is %s', async (name, verdict) => {
    const { campaign } = await load<{ campaign: typeof Campaign }>('campaign.js');
    const { planted } = await load<{ planted: typeof Planted }>('planted.js');
    const target = planted.find((one) => one.name === name)!;
    const { verdicts } = await campaign(target, { seed: 1, inputs: 2, jobs: 1 });
    expect(verdicts[verdict]).toBe(2);
  });
});
