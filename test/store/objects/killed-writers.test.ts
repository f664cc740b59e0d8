import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3Server } from '../../../bench/s3/s3-server.js';
import { FolderObjects } from '../../../store/objects/folder-objects.js';
import type { ObjectStore } from '../../../store/objects/object-store.js';
import { S3Objects } from '../../../store/s3/s3-objects.js';
import { built, withoutBuild } from '../../cli/built-command-line.js';

/** FOLDWISE_STORED_MIB=2048 is the full measure; it takes a minute and 6 GiB of disk. */
const mebibytes = Number(process.env['FOLDWISE_STORED_MIB'] ?? 128);
/** Node.js itself takes some 60 MiB, the SDK 40, and parts on their way 64. */
const mostResidentMiB = 320;

const folder = mkdtempSync(join(tmpdir(), 'foldwise-killed-writers-'));
const server = await S3Server.start('versitygw', join(folder, 'server')).catch((error: Error) => error);
afterAll(async () => {
  if (server instanceof S3Server) await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** In a child process: `store` and `args` are there. */
function program(storeCode: string, work: string): string {
  const module = (name: string): string =>
    JSON.stringify(pathToFileURL(join(process.cwd(), 'dist/store', name)).href);
  return `
    import { FolderObjects } from ${module('objects/folder-objects.js')};
    import { S3Objects } from ${module('s3/s3-objects.js')};
    import { createHash } from 'node:crypto';
    import { readFileSync } from 'node:fs';
    const args = process.argv.slice(2);
    const store = ${storeCode};
    ${work}`;
}

interface Kind {
  readonly name: string;
  readonly code: string;
  readonly open: () => ObjectStore;
  readonly env: Readonly<Record<string, string>>;
}

const address = { bucket: 'killed', prefix: '' };
const kinds: Kind[] = [
  {
    name: 'a folder',
    code: `new FolderObjects(${JSON.stringify(join(folder, 'store'))})`,
    open: () => new FolderObjects(join(folder, 'store')),
    env: {},
  },
];
if (server instanceof S3Server) {
  kinds.push({
    name: 'S3 of versitygw',
    code: `new S3Objects(${JSON.stringify(address)})`,
    open: () => new S3Objects(address, { client: server.settings }),
    env: server.environment,
  });
}
const without = server instanceof Error ? ` (S3 skipped: ${server.message})` : '';

describe.skipIf(!built)(`processes that write objects${withoutBuild}${without}`, { timeout: 600_000 }, () => {
  beforeAll(async () => {
    if (server instanceof S3Server) await server.makeBucket(address.bucket);
  });

  const start = ({ code, env }: Kind, work: string, args: readonly string[]): ChildProcess => {
    const script = join(folder, `${Math.random()}.mjs`);
    writeFileSync(script, program(code, work));
    return spawn(process.execPath, [script, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  };
  const outputOf = async (child: ChildProcess): Promise<string> => {
    const [output] = await Promise.all([buffer(child.stdout!), once(child, 'close')]);
    return output.toString();
  };

  it.each(kinds)('of which one is killed leave no torn object ($name)', async (kind) => {
    const file = join(folder, 'whole');
    writeFileSync(file, Buffer.alloc(64 * 2 ** 20, 'a line of a model\n'));
    const whole = readFileSync(file);
    const before = Buffer.from('what was there before');
    const store = kind.open();
    const work = `process.stdout.write('begun\\n'); await store[args[0]](args[1], { path: args[2] }); process.stdout.write('done\\n');`;
    const ends = { whole: 0, before: 0, absent: 0 };
    for (let round = 0; round < 6; round++) {
      const [method, name] = round % 2 === 0 ? ['put', `put-${round}`] : ['putIfAbsent', `absent-${round}`];
      if (method === 'put') await store.put(name, before);
      const child = start(kind, work, [method, name, file]);
      // Before anything is waited for: it may end by itself while the kill is on its way.
      const closed = once(child, 'close');
      await once(child.stdout!, 'data');
      await delay(10 * round ** 2);
      child.kill('SIGKILL');
      await closed;
      const content = await kind.open().get(name);
      const bytes = content === null ? null : await buffer(content.stream);
      if (bytes === null) ends.absent++;
      else if (bytes.equals(before)) ends.before++;
      else if (bytes.equals(whole)) ends.whole++;
      else expect.fail(`${name} has ${bytes.length} bytes that nobody wrote`);
      // Whoever comes next ends what was begun.
      if (bytes === null) expect(await store.putIfAbsent(name, { path: file })).not.toBeNull();
    }
    expect(ends.before + ends.absent).toBeGreaterThan(0);
    const names: string[] = [];
    for await (const object of store.list('')) names.push(object.name);
    expect(names).toHaveLength(6);
  });

  it.each(kinds)(`store and read ${mebibytes} MiB in bounded memory ($name)`, async (kind) => {
    const file = join(folder, 'large');
    const hash = createHash('sha256');
    const sink = createWriteStream(file);
    for (let block = 0; block < mebibytes; block++) {
      const bytes = Buffer.alloc(2 ** 20, `block ${block} of a large model\n`);
      hash.update(bytes);
      if (!sink.write(bytes)) await once(sink, 'drain');
    }
    await once(sink.end(), 'finish');
    const work = `
      const began = performance.now();
      await store.put('large', { path: args[0] });
      const stored = performance.now();
      const hash = createHash('sha256');
      for await (const chunk of (await store.get('large')).stream) hash.update(chunk);
      const peak = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
      const seconds = [stored - began, performance.now() - stored].map((ms) => ms / 1000);
      process.stdout.write(JSON.stringify({ sha256: hash.digest('hex'), peak: Number(peak) / 1024, seconds }));`;
    const { sha256, peak, seconds } = JSON.parse(await outputOf(start(kind, work, [file]))) as {
      sha256: string;
      peak: number;
      seconds: number[];
    };
    console.log(
      `${kind.name}: ${mebibytes} MiB stored in ${seconds[0]!.toFixed(1)} s, read in ${seconds[1]!.toFixed(1)} s, ${peak.toFixed(0)} MiB of memory`,
    );
    expect(sha256).toBe(hash.digest('hex'));
    if (process.platform === 'linux') expect(peak).toBeLessThan(mostResidentMiB);
    await kind.open().delete('large');
    rmSync(file);
  });
});
