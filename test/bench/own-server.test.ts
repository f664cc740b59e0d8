import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const module = join(process.cwd(), 'dist', 'bench', 'own-server.js');

let workdir: string;
beforeEach(() => {
  workdir = mkdtempSync(join(tmpdir(), 'foldwise-own-server-'));
});
afterEach(() => rmSync(workdir, { recursive: true, force: true }));

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!existsSync(module) || process.platform === 'win32')(
  'the dev server of a benchmark (skipped without `npm run build`)',
  () => {
    it.each(['SIGINT', 'SIGTERM'] as const)(
      'ends with the process that it is for, also where that gets %s',
      async (signal) => {
        const script = `
          import { startOwnServer } from ${JSON.stringify(pathToFileURL(module).href)};
          const { pid } = await startOwnServer({ workdir: ${JSON.stringify(workdir)} });
          console.log(pid);
          setInterval(() => {}, 1_000);`;
        const env = { ...process.env };
        delete env['TEMPORAL_ADDRESS'];
        const args = ['--input-type=module', '--eval', script];
        const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
        const [said] = (await once(child.stdout, 'data')) as [Buffer];
        const pid = Number(String(said));
        expect(runs(pid)).toBe(true);
        child.kill(signal);
        const [code] = (await once(child, 'exit')) as [number | null];
        expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
        for (let tries = 0; tries < 100 && runs(pid); tries++) await delay(50);
        expect(runs(pid)).toBe(false);
      },
    );
  },
);
