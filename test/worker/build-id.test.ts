import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildIdOf } from '../../worker/build-id.js';
import { buildIdPattern } from '../../worker/deployment.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-build-'));
  mkdirSync(join(folder, 'worker'));
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'worker', 'a.js'), 'one');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);

describe('how a build calls itself', () => {
  it('is its version and a digest of its code, as Temporal takes it', async () => {
    expect(await buildIdOf('1.2.3', folder)).toMatch(/^1\.2\.3-[0-9a-f]{8}$/);
    expect(await buildIdOf('1.2.3')).toMatch(buildIdPattern);
  });

  it('changes with the code, by content or by name, and with nothing beside it', async () => {
    const before = await buildIdOf('1', folder);
    write('node_modules/b.js', 'x');
    write('worker/a.js.map', 'x');
    write('worker/a.d.ts', 'x');
    write('README.md', 'x');
    expect(await buildIdOf('1', folder)).toBe(before);
    write('worker/b.js', 'x');
    const more = await buildIdOf('1', folder);
    write('worker/a.js', 'two');
    const other = await buildIdOf('1', folder);
    expect(new Set([before, more, other]).size).toBe(3);
  });
});
