import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentFault } from '../../errors/fault.js';
import { ProcessCrashed } from '../../worker/child-process.js';
import { ProcessStalled } from '../../worker/child-watch.js';
import { askChild, WorkGivenUp } from '../../worker/request-process.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-request-'));
  writeFileSync(
    join(folder, 'child.mjs'),
    `const phase = (silent) => process.send({ type: 'phase', phase: 'scoring', patienceSeconds: 60, silent });
     process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
     process.on('message', ({ scene }) => {
       if (scene === 'crash') process.kill(process.pid, 'SIGABRT');
       else phase(scene === 'silent');
       if (scene === 'silent')
         setTimeout(() => process.send({ type: 'done', value: 1 }, () => process.exit(0)), 600);
     });`,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function ask(scene: string, signal?: AbortSignal): Promise<number> {
  return askChild(
    join(folder, 'child.mjs'),
    { scene },
    {
      where: 'the work',
      kind: 'engine',
      signal,
      watch: { silenceMs: 300, everyMs: 30 },
      faultOf: ({ message }) => new EnvironmentFault({ where: 'the work', what: message }),
    },
  );
}

describe('a process that answers one request', () => {
  it('is ended where it says nothing any more, and that may pass', async () => {
    const work = ask('work');
    await expect(work).rejects.toThrow(ProcessStalled);
    await expect(work).rejects.toMatchObject({ retryable: true });
  });

  it('is waited for where it is silent on purpose', async () => {
    expect(await ask('silent')).toBe(1);
  });

  it('is ended at once when its work is given up, which is no crash', async () => {
    const stop = new AbortController();
    const work = ask('silent', stop.signal);
    setTimeout(() => stop.abort(), 100);
    await expect(work).rejects.toThrow(WorkGivenUp);
    await expect(ask('work', AbortSignal.abort())).rejects.toThrow(WorkGivenUp);
  });

  it('says the same of the same crash, by which it is known', async () => {
    const text = (error: unknown): string => (error instanceof ProcessCrashed ? error.message : 'no crash');
    const first = await ask('crash').then(String, text);
    expect(first).toMatch(/signal SIGABRT/);
    expect(await ask('crash').then(String, text)).toBe(first);
  });
});
