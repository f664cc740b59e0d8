import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const scripts = new URL('../../../bench/gpu/', import.meta.url).pathname;
const folders: string[] = [];

afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Parts of the tests. */
const parts = ['ops', 'device', 'libraries', 'models', 'precision', 'folds', 'scoring'];

/**
 * In place of the suite's runner: waits until every part has begun, then says how many tests passed, and fails for the file that the
 * environment names.
 */
const runner = `
  import { readdirSync, writeFileSync } from 'node:fs';
  import { dirname } from 'node:path';
  const failing = process.argv.some((arg) => process.env.FAILING && arg.includes(process.env.FAILING));
  const file = process.argv.find((arg) => arg.startsWith('--outputFile.json=')).slice('--outputFile.json='.length);
  writeFileSync(file.replace(/json$/, 'begun'), '');
  const begun = () => readdirSync(dirname(file)).filter((name) => name.endsWith('.begun')).length;
  for (const end = Date.now() + 60_000; begun() < ${parts.length};) {
    if (Date.now() > end) process.exit(9);
    await new Promise((done) => setTimeout(done, 10));
  }
  const test = { status: failing ? 'failed' : 'passed', fullName: 'on ' + process.env.FOLDWISE_TEST_DEVICES };
  const failureMessages = failing ? ['it differs\\n at x'] : [];
  writeFileSync(file, JSON.stringify({
    numPassedTests: failing ? 0 : 1, numFailedTests: failing ? 1 : 0, numPendingTests: 0,
    testResults: [{ assertionResults: [{ ...test, failureMessages }] }],
  }));
  process.exit(failing ? 1 : 0);
`;

/** In place of the benchmark: fails where it is not alone. */
const benchmark = (folder: string): string => `
  const { readdirSync } = require('node:fs');
  const ended = readdirSync('${folder}/report').filter((name) => name.endsWith('.part'));
  if (ended.length < ${parts.length}) process.exit(1);
  console.log('{"networks": []}');
`;

/** A folder as pack.mjs makes it, whose archive holds next to nothing, in two pieces. */
function archive(): string {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-gpu-'));
  folders.push(folder);
  const write = (name: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode });
  };
  write('made/foldwise/bin/node', `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, 0o755);
  write('made/foldwise/node_modules/vitest/vitest.mjs', runner);
  write('made/foldwise/dist/bench/gpu/main.js', benchmark(folder));
  const packed = join(folder, 'packed');
  spawnSync('tar', ['-C', join(folder, 'made'), '-czf', packed, 'foldwise']);
  const bytes = readFileSync(packed);
  writeFileSync(join(folder, 'foldwise.tar.xz.00'), bytes.subarray(0, 100));
  writeFileSync(join(folder, 'foldwise.tar.xz.01'), bytes.subarray(100));
  for (const name of ['run.sh', 'report.mjs']) copyFileSync(join(scripts, name), join(folder, name));
  for (const name of ['foldwise.tar.xz.00', 'foldwise.tar.xz.01', 'run.sh', 'report.mjs']) {
    const sum = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    appendFileSync(join(folder, 'SHA256SUMS'), `${sum}  ${name}\n`);
  }
  return folder;
}

function run(folder: string, env: Record<string, string> = {}, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync('bash', [join(folder, 'run.sh'), ...args], {
    env: { PATH: '/usr/bin:/bin', ...env },
    encoding: 'utf8',
  });
  return { status, told: stdout + stderr };
}

const report = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'report/report.json'), 'utf8')) as {
    device: string;
    parts: { name: string; passed: boolean; tests?: { failures: { test: string; message: string }[] } }[];
  };

describe.skipIf(process.platform !== 'linux')('the script beside the archive', () => {
  it('joins and unpacks the pieces, runs the tests at the same time and the benchmark after, and reports of each', () => {
    const folder = archive();
    const { status, told } = run(folder, {}, '--device', 'cuda:1', '--model', 'tiny');
    expect(told).toContain('| ops | whole |');
    expect(status).toBe(0);
    const { device, parts: found } = report(folder);
    expect(device).toBe('cuda:1');
    expect(found.map(({ name }) => name)).toEqual([...parts, 'step-tiny']);
    expect(found.every(({ passed }) => passed)).toBe(true);
  });

  it('fails where a test fails, after all the others have run, and names it', () => {
    const folder = archive();
    const { status } = run(folder, { FAILING: 'on-devices' }, '--device', 'webgpu', '--model', 'tiny');
    expect(status).toBe(1);
    const failed = report(folder).parts.filter(({ passed }) => !passed);
    expect(failed.map(({ name }) => name)).toEqual(['models', 'folds']);
    expect(failed[0]!.tests!.failures).toEqual([{ test: 'on webgpu', message: 'it differs' }]);
  });

  it('unpacks nothing of a piece that is damaged', () => {
    const folder = archive();
    appendFileSync(join(folder, 'foldwise.tar.xz.01'), 'x');
    const { status, told } = run(folder);
    expect(status).toBe(2);
    expect(told).toContain('A piece is missing or damaged: carry it here again.');
    expect(existsSync(join(folder, 'foldwise'))).toBe(false);
  });

  it('refuses an option that it does not have', () => {
    expect(run(archive(), {}, '--cards', '2')).toMatchObject({ status: 2 });
  });
});
