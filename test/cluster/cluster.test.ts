import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Summary } from '../../bench/cluster/summary.js';
import { unshareArguments } from '../../bench/cluster/isolation.js';
import { builtParts } from '../../bench/cluster/parts.js';
import { findPostgres } from '../../bench/cluster/postgres.js';
import { isBuilt } from '../../infra/go-module.js';
import { runCampaign } from '../setup/built-campaign.js';

const main = join(process.cwd(), 'dist/bench/cluster/main.js');
const ready =
  existsSync(main) && findPostgres() !== null && builtParts.every(isBuilt) && unshareArguments() !== null;
/** Alone on a machine it takes about a minute. */
const longestMs = 600_000;

describe.skipIf(!ready)(
  'a cluster on which hosts and servers fail (skipped without `npm run build`, PostgreSQL, namespaces, and the servers that `npm run cluster` builds)',
  () => {
    it(
      'gives the bits of one machine, and trains nothing again that was finished',
      async () => {
        const kinds = ['host replaced', 'store failing', 'database lost'].flatMap((kind) => [
          '--kinds',
          kind,
        ]);
        const [code, out] = await runCampaign(main, ['--faults', '3', ...kinds, '--pause', '3', '--json']);
        expect(code).toBe(0);
        const summary = JSON.parse(out) as Summary;
        expect(summary.violations).toEqual([]);
        expect(summary.faultCount).toBe(3);
        expect(Object.keys(summary.costs).toSorted()).toEqual([
          'database lost',
          'host replaced',
          'store failing',
        ]);
        expect(summary.files).toBeGreaterThan(10);
      },
      longestMs,
    );
  },
);
