import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { codecHostSchema } from '../../cli/facts/hosts.js';
import { keysFileVariable, keysVariable, newKeyLine } from '../../payloads/encryption-keys.js';
import { built, withoutBuild } from './built-command-line.js';
import { run } from './capture.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-codec-command-'));
  writeFileSync(join(folder, 'token'), 'a-token-of-some-length\n');
  writeFileSync(join(folder, 'short'), 'short\n');
  writeFileSync(join(folder, 'keys'), newKeyLine('2026'));
  chmodSync(join(folder, 'keys'), 0o600);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('foldwise codec', () => {
  it('is refused without keys', async () => {
    vi.stubEnv(keysVariable, '');
    vi.stubEnv(keysFileVariable, '');
    await expect(run('codec', '--port', '0')).rejects.toThrow('there are no encryption keys');
  });

  it.each([
    ['neither token nor TLS', [], 'it needs a token (--token-file) and TLS (--tls-cert, --tls-key)'],
    ['no TLS', ['--token-file', 'token'], 'it needs TLS (--tls-cert, --tls-key)'],
    ['half a certificate', ['--tls-cert', 'token'], 'a certificate and its key go together'],
    ['a certificate that is none', ['--tls-cert', 'token', '--tls-key', 'token'], 'they are no certificate'],
    ['a certificate that is a folder', ['--tls-cert', '.', '--tls-key', 'token'], 'the file cannot be read'],
    ['a token that is none', ['--token-file', 'short'], 'it holds no token'],
  ])('is refused beyond this machine with %s', async (_name, options, why) => {
    vi.stubEnv(keysFileVariable, join(folder, 'keys'));
    const args = options.map((option) => (option.startsWith('--') ? option : join(folder, option)));
    await expect(run('codec', '--port', '0', '--host', '0.0.0.0', ...args)).rejects.toThrow(why);
  });

  it.each(['*', 'http://localhost:8233/', 'localhost:8233', 'null'])(
    'takes no origin such as %s',
    async (origin) => {
      await expect(run('codec', '--origin', origin)).rejects.toThrow('It must be an origin');
    },
  );

  it.skipIf(!built)(`answers until it is told to end${withoutBuild}`, async () => {
    const main = join(process.cwd(), 'dist/cli/main.js');
    const origins = ['http://localhost:8233', 'https://ui.example.org'];
    const child = spawn(process.execPath, [main, 'codec', '--port', '0', '--json', '--origin', ...origins], {
      env: { ...process.env, [keysFileVariable]: join(folder, 'keys') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (text) => (out += String(text)));
    child.stderr.on('data', (text) => (err += String(text)));
    await expect.poll(() => out).toContain('}\n');
    const { url, ...rest } = codecHostSchema.parse(JSON.parse(out));
    expect(rest).toEqual({ keys: ['2026'], origins });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(err).toContain('without a token (--token-file) every user of this machine');
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  });
});
