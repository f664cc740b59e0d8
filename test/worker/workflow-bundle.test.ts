import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { built, withoutBuild } from '../cli/built-command-line.js';
import { bundledWorkflows } from '../workflows/bundles.js';

/** Whether the code, or what its source map says, names a folder of this machine. */
function namesFolder(code: string): boolean {
  const map = Buffer.from(code.slice(code.lastIndexOf(';base64,') + 8), 'base64').toString();
  expect(JSON.parse(map)).toHaveProperty('mappings');
  return [code, map].some((text) => text.includes(process.cwd()));
}

describe('workflow code that was bundled', () => {
  it('names no folder of the machine, so that the same sources have one build id everywhere', async () => {
    expect(namesFolder((await bundledWorkflows()).code)).toBe(false);
  });

  it.skipIf(!built).each(['plain', 'encrypted'])(`is part of a build: %s${withoutBuild}`, (kind) => {
    const path = join('dist/workflows/bundles', `${kind}.js`);
    expect(existsSync(path)).toBe(true);
    const code = readFileSync(path, 'utf8');
    expect(namesFolder(code)).toBe(false);
    expect(code.includes('encoded-failures')).toBe(kind === 'encrypted');
  });
});
