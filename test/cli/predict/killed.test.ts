import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Dice } from '../../../bench/dice.js';
import { built, withoutBuild } from '../built-command-line.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-killed-'));
afterAll(() => rmSync(folder, { recursive: true }));

const script = join(import.meta.dirname, 'killed-child.mjs');
const table = join(folder, 'texts.csv');

/** Runs the prediction; kills it at so many messages and then milliseconds, where it lives so long. */
function predict(
  target: string,
  kill?: { readonly messages: number; readonly ms: number },
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, table, target], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [messages, err] = [0, ''];
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      messages += text.split('\n').length - 1;
      if (kill !== undefined && messages >= kill.messages) setTimeout(() => child.kill('SIGKILL'), kill.ms);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(err));
    });
  });
}

describe.skipIf(!built)(`a prediction that is killed${withoutBuild}`, { timeout: 300_000 }, () => {
  it('ends with the same bytes, at whatever moment and however often', async () => {
    const rows = Array.from({ length: 15_000 }, (_, row) => `r${row},"${'x'.repeat(row % 11)}\ny"\n`);
    writeFileSync(table, `id,text\n${rows.join('')}`);
    const [whole, cut] = [join(folder, 'whole.csv'), join(folder, 'cut.csv')];
    expect(await predict(whole)).toBe(true);
    const dice = new Dice(17);
    let kills = 0;
    while (!(await predict(cut, { messages: Math.floor(dice.between(1, 12)), ms: dice.between(0, 20) }))) {
      kills++;
      if (!existsSync(cut)) continue;
      // It had come to its end before it was killed.
      await expect(predict(cut)).rejects.toThrow(/a file of this name already/);
      break;
    }
    expect(kills).toBeGreaterThan(2);
    expect(readFileSync(cut).equals(readFileSync(whole))).toBe(true);
    expect(readdirSync(folder).filter((name) => /partial|progress/.test(name))).toEqual([]);
  });
});
