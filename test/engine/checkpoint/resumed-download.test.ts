import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { resolveModel, type DownloadProgress, type ResolveOptions } from '../../../engine/checkpoint/hub.js';
import type { Patience } from '../../../engine/checkpoint/hub-connection.js';
import { EnvironmentFault } from '../../../errors/fault.js';
import { temporaryName } from '../../../store/temporary-file.js';
import { goldens } from './goldens.js';
import { serveHub, type HubBehaviour, type HubServer } from './hub-server.js';

const tiny = join(goldens, 'deberta-v3-tiny');
const weights = 'pytorch_model.bin';
const whole = readFileSync(join(tiny, weights));
const name = 'owner/model';
const folder = (): string => mkdtempSync(join(tmpdir(), 'hub-'));
const quick: Patience = {
  idleMs: 500,
  answerMs: 3_000,
  fileMs: 6_000,
  bytesPerSecond: 50_000,
  retryMs: 1,
  longestWaitMs: 2_000,
};

let server: HubServer | undefined;
afterEach(() => server?.close());

async function start(behaviour: HubBehaviour = {}, served = tiny) {
  server = await serveHub({ [name]: served }, behaviour);
  return {
    baseDirectory: folder(),
    cacheDirectory: folder(),
    endpoint: server.url,
    patience: quick,
  } satisfies ResolveOptions;
}

const sentOf = (file: string): number => server?.sent.get(file) ?? 0;
const blobsOf = ({ cacheDirectory }: { cacheDirectory: string }): string =>
  join(cacheDirectory, 'models--owner--model/blobs');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const part = (bytes: Uint8Array): string => `${sha256(bytes)}.foldwise.incomplete`;

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('no failure'),
    (error: unknown) => error as Error,
  );
}

/** Puts what an attempt left into the cache. */
function leave(options: { cacheDirectory: string }, bytes: Uint8Array, file = part(whole)): string {
  mkdirSync(blobsOf(options), { recursive: true });
  const path = join(blobsOf(options), file);
  writeFileSync(path, bytes);
  return path;
}

async function expectWhole(options: ResolveOptions & { cacheDirectory: string }): Promise<void> {
  const found = await resolveModel(name, options);
  expect(readFileSync(join(found.folder, weights))).toEqual(whole);
  const blobs = readdirSync(blobsOf(options));
  expect(blobs.filter((blob) => blob.includes('incomplete'))).toEqual([]);
}

describe('a download that breaks off', () => {
  it('goes on where it was within the same attempt', async () => {
    const options = await start({ breaks: new Map([[weights, 2]]) });
    await expectWhole(options);
    expect(sentOf(weights)).toBe(whole.length);
  });

  it('goes on where it was after a stall', async () => {
    const options = await start({ stalls: new Map([[weights, 50_000]]) });
    await expectWhole(options);
    expect(sentOf(weights)).toBe(whole.length);
  });

  it('is given up where it comes to nothing, and the next run fetches the rest alone', async () => {
    const half = whole.length >> 1;
    const options = await start({ busy: Array.from({ length: 99 }, () => [503, '0']) });
    leave(options, whole.subarray(0, half));
    expect(await failureOf(resolveModel(name, options))).toBeInstanceOf(EnvironmentFault);
    expect(existsSync(join(blobsOf(options), part(whole)))).toBe(true);
    await server?.close();
    server = await serveHub({ [name]: tiny });
    await expectWhole({ ...options, endpoint: server.url });
    expect(sentOf(weights)).toBe(whole.length - half);
  });

  it('is fetched from the beginning where the hub gives no parts', async () => {
    const options = await start({ wholeOnly: true });
    leave(options, whole.subarray(0, 1_000));
    await expectWhole(options);
    expect(sentOf(weights)).toBe(whole.length);
  });

  it.each([
    ['other bytes than the file has', Buffer.alloc(1_000, 7), whole.length - 1_000 + whole.length],
    ['more bytes than the file has', Buffer.concat([whole, Buffer.alloc(9)]), whole.length],
    ['as many bytes as the file has, but others', Buffer.alloc(whole.length), whole.length],
    ['all its bytes', whole, 0],
  ])('and left %s ends with the right ones', async (_, left, sent) => {
    const options = await start();
    leave(options, left);
    await expectWhole(options);
    expect(sentOf(weights)).toBe(sent);
  });

  it('and whose other half was sent wrong leaves nothing of it', async () => {
    const options = await start({ corrupt: new Set([weights]) });
    leave(options, whole.subarray(0, 1_000));
    const failure = await failureOf(resolveModel(name, options));
    expect(failure.message).toMatch(/sent something else than it announced/);
    expect(readdirSync(blobsOf(options)).filter((blob) => blob.includes(sha256(whole)))).toEqual([]);
  });

  it('leaves nothing that is taken for a part of the file that came in its place', async () => {
    const served = folder();
    cpSync(tiny, served, { recursive: true });
    const other = Buffer.concat([whole, Buffer.from('x')]);
    writeFileSync(join(served, weights), other);
    const options = await start({}, served);
    leave(options, whole.subarray(0, 1_000));
    const found = await resolveModel(name, options);
    expect(readFileSync(join(found.folder, weights))).toEqual(other);
    expect(sentOf(weights)).toBe(other.length);
    expect(readdirSync(blobsOf(options)).filter((blob) => blob.includes('incomplete'))).toEqual([]);
  });

  it('tells its progress from where it goes on', async () => {
    const options = await start();
    leave(options, whole.subarray(0, 60_000));
    const told: DownloadProgress[] = [];
    await resolveModel(name, { ...options, onProgress: (progress) => told.push(progress) });
    const ofWeights = told.filter(({ file }) => file === weights);
    expect(ofWeights[0]).toEqual({ file: weights, bytes: 60_000, total: whole.length });
    expect(ofWeights.at(-1)?.bytes).toBe(whole.length);
  });
});

describe('what killed processes left in the cache', () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const written = (options: { cacheDirectory: string }, by: number, bytes: Uint8Array): string => {
    const path = leave(options, bytes);
    const name = temporaryName(path).replace(`-${process.pid}-`, `-${by}-`);
    renameSync(path, name);
    return name;
  };

  it('is gone on from, the longest part of several', async () => {
    const options = await start();
    written(options, dead, whole.subarray(0, 10_000));
    written(options, dead, whole.subarray(0, 30_000));
    leave(options, whole.subarray(0, 20_000));
    await expectWhole(options);
    expect(sentOf(weights)).toBe(whole.length - 30_000);
  });

  it('is left alone while the process lives', async () => {
    const options = await start();
    const path = written(options, process.pid, whole.subarray(0, 10_000));
    const found = await resolveModel(name, options);
    expect(readFileSync(join(found.folder, weights))).toEqual(whole);
    expect(sentOf(weights)).toBe(whole.length);
    expect(statSync(path).size).toBe(10_000);
  });

  it('is not cleared away where other tools may still write it', async () => {
    const options = await start();
    const theirs = leave(options, Buffer.alloc(9), `${sha256(whole)}.incomplete`);
    await resolveModel(name, options);
    expect(existsSync(theirs)).toBe(true);
  });
});

describe('a hub that has too much to do', () => {
  it('is asked again after the time that it says', async () => {
    const options = await start({
      busy: [
        [429, '1'],
        [503, '0'],
      ],
    });
    const began = performance.now();
    await expectWhole(options);
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  it('is not waited for longer than anybody does', async () => {
    const options = await start({ busy: [[429, '3600']] });
    const failure = await failureOf(resolveModel(name, options));
    expect(failure).toBeInstanceOf(EnvironmentFault);
    expect(failure.message).toMatch(/asks to wait 3600 s/);
  });

  it('is asked again a few times only', async () => {
    const options = await start({ busy: Array.from({ length: 99 }, () => [503, '0']) });
    expect((await failureOf(resolveModel(name, options))).message).toMatch(/status 503/);
    expect(server?.requests.filter((request) => request.includes('/resolve/'))).toHaveLength(5);
  });
});

const module = resolve('dist/engine/checkpoint/hub.js');
const built = existsSync(module);

describe.skipIf(!built)(
  `a process that is killed in the middle${built ? '' : ' (skipped: no build)'}`,
  () => {
    it('has its part gone on from at once, by the bytes that are missing', async () => {
      const options = await start({ stalls: new Map([[weights, 80_000]]) });
      const { patience, ...plain } = options;
      const script = `
      import { resolveModel } from ${JSON.stringify(module)};
      await resolveModel(${JSON.stringify(name)}, ${JSON.stringify(plain)});`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
      const parts = (): number[] =>
        existsSync(blobsOf(options))
          ? readdirSync(blobsOf(options))
              .filter((blob) => blob.startsWith(part(whole)))
              .map((blob) => statSync(join(blobsOf(options), blob)).size)
          : [];
      await expect.poll(parts, { timeout: 30_000 }).toEqual([80_000]);
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await ended;
      expect(parts()).toEqual([80_000]);
      await expectWhole(options);
      expect(sentOf(weights)).toBe(whole.length);
    }, 60_000);
  },
);
