import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { builtPath, obtainGoProgram } from '../../infra/go-module.js';

const program = { name: 'sample', package: 'example.org/sample/cmd/tool', version: '1.2.3' };

/** A `go` that notes each of its calls and makes a program, or says why not. */
function goThat(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-go-'));
  writeFileSync(join(folder, 'go'), `#!/bin/sh\necho "$@" >> "${folder}/calls"\n${script}\n`);
  chmodSync(join(folder, 'go'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
  return join(folder, 'calls');
}

describe.skipIf(process.platform === 'win32')('a program that Go builds', () => {
  beforeEach(() => void vi.stubEnv('XDG_CACHE_HOME', mkdtempSync(join(tmpdir(), 'foldwise-cache-'))));
  afterEach(() => vi.unstubAllEnvs());

  it('is built once, at its exact version, for all who want it at the same time', async () => {
    const calls = goThat('sleep 0.3; echo made > "$GOBIN/tool"');
    const [first, second] = await Promise.all([obtainGoProgram(program), obtainGoProgram(program)]);
    expect(first).toBe(builtPath(program));
    expect(second).toBe(first);
    expect(readFileSync(first, 'utf8')).toBe('made\n');
    expect(await obtainGoProgram(program)).toBe(first);
    expect(readFileSync(calls, 'utf8')).toBe('install example.org/sample/cmd/tool@v1.2.3\n');
    expect(readdirSync(dirname(first))).toEqual(['sample']);
  });

  it('is not there where the build fails, and the reason is told', async () => {
    goThat('echo "no such module" >&2; exit 1');
    await expect(obtainGoProgram(program)).rejects.toThrow(/could not be built.*no such module/s);
    expect(existsSync(builtPath(program))).toBe(false);
  });

  it('is not built where there is no Go', async () => {
    vi.stubEnv('PATH', mkdtempSync(join(tmpdir(), 'foldwise-no-go-')));
    await expect(obtainGoProgram(program)).rejects.toThrow(/Go is not installed/);
  });

  it('gets no key of this process', async () => {
    vi.stubEnv('GOOGLE_API_KEY', 'secret');
    vi.stubEnv('GOFLAGS', '-mod=mod');
    goThat('env > "$GOBIN/tool"');
    const environment = readFileSync(await obtainGoProgram(program), 'utf8');
    expect(environment).toContain('GOFLAGS=-mod=mod');
    expect(environment).not.toContain('secret');
  });
});
