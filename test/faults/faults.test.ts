import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Summary } from '../../bench/faults/summary.js';
import { findServer } from '../../infra/server/find.js';
import { runCampaign } from '../setup/built-campaign.js';

const main = join(process.cwd(), 'dist/bench/faults/main.js');
const ready = process.platform === 'linux' && existsSync(main) && findServer() !== null;
const kills = 7;
/** Alone on a machine it takes about a minute. */
const longestMs = 420_000;

describe.skipIf(!ready)(
  'a run that is killed at random (skipped without Linux, `npm run build` and a temporal executable)',
  () => {
    let code: number | null;
    let summary: Summary;

    beforeAll(async () => {
      const [exit, out] = await runCampaign(main, ['--pipeline', 'tiny', '--kills', String(kills), '--json']);
      code = exit;
      const [subject] = (JSON.parse(out) as { subjects: Summary[] }).subjects;
      summary = subject!;
    }, longestMs);

    it('ends with the same bits as an undisturbed one, and leaves no process and no file behind', () => {
      expect(summary.violations).toEqual([]);
      expect(code).toBe(0);
      expect(summary.files).toBeGreaterThan(10);
    });

    it('was disturbed in as many ways as there are', () => {
      expect(summary.faultCount).toBe(kills);
      expect(Object.values(summary.faults).filter((count) => count > 0).length).toBeGreaterThanOrEqual(5);
    });
  },
);
