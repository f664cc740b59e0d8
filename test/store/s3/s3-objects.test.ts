import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { S3Server } from '../../../bench/s3/s3-server.js';
import { EnvironmentFault, InputFault } from '../../../errors/fault.js';
import { leastPartBytes } from '../../../store/s3/uploads.js';
import { S3Objects } from '../../../store/s3/s3-objects.js';
import { Gate, type Asked } from './gate.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-s3-'));
const server = await S3Server.start('versitygw', join(folder, 'server')).catch((error: Error) => error);
const skipped = server instanceof Error ? ` (skipped: ${server.message})` : '';
afterAll(async () => {
  if (server instanceof S3Server) await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);
/** Six parts. */
const large = Buffer.alloc(5.5 * leastPartBytes, 'a line of a model\n');
const largeFile = join(folder, 'large');
writeFileSync(largeFile, large);

describe.skipIf(!(server instanceof S3Server))(`S3 behind trouble${skipped}`, { timeout: 120_000 }, () => {
  const running = server as S3Server;
  const address = { bucket: 'shared-store', prefix: 'troubled/' };
  let gate: Gate;
  let tests = 0;
  let name: string;
  beforeAll(() => running.makeBucket(address.bucket));
  beforeEach(async () => {
    gate = await Gate.before(running.port);
    name = `object-${++tests}`;
  });
  afterEach(() => gate.close());

  const open = (settings: S3ClientConfig = {}): S3Objects =>
    new S3Objects(address, {
      client: { ...gate.through(running.settings), ...settings },
      partBytes: leastPartBytes,
    });
  const impatient = {
    requestHandler: { requestTimeout: 300, socketTimeout: 300, throwOnRequestTimeout: true },
  };
  const read = async (store: S3Objects): Promise<string | null> => {
    const content = await store.get(name);
    return content === null ? null : (await buffer(content.stream)).toString();
  };
  const isPart = ({ method, path }: Asked): boolean => method === 'PUT' && /partNumber=/.test(path);
  const isComplete = ({ method, path }: Asked): boolean => method === 'POST' && /uploadId=/.test(path);
  /** The first so many requests that fit meet a fate. */
  const first = (times: number, fits: (asked: Asked) => boolean, fate: ReturnType<Gate['fate']>): void => {
    let met = 0;
    gate.fate = (asked) => (fits(asked) && met++ < times ? fate : 'passed');
  };

  it.each([
    ['500', { status: 500, code: 'InternalError' }],
    ['503', { status: 503, code: 'ServiceUnavailable' }],
    ['a cut connection', 'cut'],
    ['a lost answer', 'unanswered'],
  ] as const)('goes on after some answers of %s, in every call', async (_, fate) => {
    const troubled = (): void => first(3, () => true, fate);
    const store = open();
    troubled();
    const version = await store.putIfAbsent(name, text('one'));
    expect(version).not.toBeNull();
    troubled();
    const next = await store.putIfMatch(name, version!, text('two'));
    expect(next).not.toBeNull();
    troubled();
    expect(await read(store)).toBe('two');
    troubled();
    expect(await store.stat(name)).toMatchObject({ bytes: 3, version: next });
    troubled();
    const names: string[] = [];
    for await (const object of store.list(name)) names.push(object.name);
    expect(names).toEqual([name]);
    troubled();
    await store.put(name, text('three'));
    troubled();
    await store.delete(name);
    expect(await read(store)).toBeNull();
  });

  it.each([
    [503, 'SlowDown'],
    [429, 'TooManyRequests'],
  ])('goes on after a while where it is told to slow down (%i)', async (status, code) => {
    first(1, () => true, { status, code });
    expect(await open().putIfAbsent(name, text('one'))).not.toBeNull();
  });

  it('knows its own write again where the answer to it was lost, and takes nobody else for it', async () => {
    const store = open();
    first(1, ({ method }) => method === 'PUT', 'unanswered');
    const version = await store.putIfAbsent(name, text('one'));
    expect(version).not.toBeNull();
    first(1, ({ method }) => method === 'PUT', 'unanswered');
    expect(await store.putIfMatch(name, version!, text('two'))).not.toBeNull();
    expect(await read(store)).toBe('two');
    // Another has written meanwhile: the same bytes, even.
    first(1, ({ method }) => method === 'PUT', { status: 500, code: 'InternalError' });
    expect(await store.putIfAbsent(name, text('two'))).toBeNull();
  });

  it.each(['putIfAbsent', 'put'] as const)(
    'knows its own large file again where the answer to its completion was lost (%s)',
    async (method) => {
      first(1, isComplete, 'unanswered');
      expect(await open()[method](name, { path: largeFile })).not.toBeNull();
      expect((await buffer((await open().get(name))!.stream)).equals(large)).toBe(true);
    },
  );

  it('waits its turn where another write of the name is under way', async () => {
    first(3, ({ method }) => method === 'PUT', { status: 409, code: 'ConditionalRequestConflict' });
    expect(await open().putIfAbsent(name, text('one'))).not.toBeNull();
    first(2, isComplete, { status: 409, code: 'ConditionalRequestConflict' });
    expect(await open().putIfAbsent(`${name}-large`, { path: largeFile })).not.toBeNull();
  });

  it.each([
    [404, 'NoSuchKey'],
    [412, 'PreconditionFailed'],
  ])('takes %i for a condition that is not met', async (status, code) => {
    gate.fate = () => ({ status, code });
    expect(await open().putIfMatch(name, '"v"', text('x'))).toBeNull();
  });

  it('sends no part again that is there, whoever tries again', async () => {
    gate.fate = (asked) => (isComplete(asked) ? { status: 400, code: 'Refused' } : 'passed');
    await expect(open().put(name, { path: largeFile })).rejects.toBeInstanceOf(EnvironmentFault);
    expect(gate.asked.filter(isPart)).toHaveLength(6);
    expect(await open().stat(name)).toBeNull();
    gate.fate = () => 'passed';
    // Another process, which finds the upload on the server.
    await open().put(name, { path: largeFile });
    expect(gate.asked.filter(isPart)).toHaveLength(6);
    expect((await buffer((await open().get(name))!.stream)).equals(large)).toBe(true);
  });

  it('goes on where a part did not get through', async () => {
    gate.fate = (asked) =>
      isPart(asked) && /partNumber=6\b/.test(asked.path) ? { status: 400, code: 'Refused' } : 'passed';
    const store = open();
    await expect(store.put(name, { path: largeFile })).rejects.toBeInstanceOf(EnvironmentFault);
    expect(await store.stat(name)).toBeNull();
    const before = gate.asked.filter(isPart).length;
    gate.fate = () => 'passed';
    await store.put(name, { path: largeFile });
    expect(gate.asked.filter(isPart).length - before).toBeLessThan(6);
    expect((await buffer((await open().get(name))!.stream)).equals(large)).toBe(true);
  });

  it('goes on with an upload of its own for a conditional write, too, and never with parts of other bytes', async () => {
    gate.fate = (asked) => (isComplete(asked) ? { status: 400, code: 'Refused' } : 'passed');
    const store = open();
    await expect(store.putIfAbsent(name, { path: largeFile })).rejects.toBeInstanceOf(EnvironmentFault);
    gate.fate = () => 'passed';
    const other = Buffer.from(large);
    other[2 * leastPartBytes + 17]! ^= 1;
    const otherFile = join(folder, 'other');
    writeFileSync(otherFile, other);
    const before = gate.asked.filter(isPart).length;
    expect(await store.putIfAbsent(name, { path: otherFile })).not.toBeNull();
    expect(gate.asked.filter(isPart).length - before).toBe(1);
    expect((await buffer((await store.get(name))!.stream)).equals(other)).toBe(true);
  });

  it('gives up the uploads that nobody ended, of the store alone and no younger ones', async () => {
    gate.fate = (asked) => (isComplete(asked) ? { status: 400, code: 'Refused' } : 'passed');
    const elsewhere = new S3Objects(
      { ...address, prefix: 'elsewhere/' },
      { client: gate.through(running.settings), partBytes: leastPartBytes },
    );
    for (const store of [open(), elsewhere])
      await expect(store.put(name, { path: largeFile })).rejects.toBeInstanceOf(EnvironmentFault);
    gate.fate = () => 'passed';
    const later = Date.now() + 60_000;
    expect((await open().leftovers(Date.now() - 60_000, true)).objects).toBe(0);
    const { objects, bytes } = await open().leftovers(later, false);
    expect(objects).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThanOrEqual(large.length);
    expect(await open().leftovers(later, true)).toEqual({ objects, bytes });
    expect(await open().leftovers(later, true)).toEqual({ objects: 0, bytes: 0 });
    expect(await elsewhere.leftovers(later, true)).toEqual({ objects: 1, bytes: large.length });
  });

  it('reads on where an answer broke off or stalled', async () => {
    await open().put(name, { path: largeFile });
    const ofObject = ({ method }: Asked): boolean => method === 'GET';
    first(3, ofObject, 'torn');
    const content = await open().get(name, { range: { from: 11, to: large.length - 5 } });
    expect((await buffer(content!.stream)).equals(large.subarray(11, -5))).toBe(true);
    expect(gate.count('GET', new RegExp(name))).toBeGreaterThan(3);
  });

  it('never joins what is left of one object to the beginning of another', async () => {
    const store = open();
    await store.put(name, { path: largeFile });
    first(1, ({ method }) => method === 'GET', 'torn');
    const content = await store.get(name);
    gate.fate = () => 'passed';
    await store.put(name, { path: join(folder, 'large') });
    await store.put(name, Buffer.alloc(large.length, 'b'));
    await expect(buffer(content!.stream)).rejects.toBeInstanceOf(EnvironmentFault);
  });

  it('does not wait for ever for a server that says nothing', async () => {
    first(2, () => true, 'stalled');
    expect(await open(impatient).putIfAbsent(name, text('one'))).not.toBeNull();
    gate.fate = () => 'stalled';
    const silent = open({ ...impatient, maxAttempts: 2 });
    await expect(silent.stat(name)).rejects.toThrow(/does not answer/);
    await expect(silent.put(name, text('x'))).rejects.toBeInstanceOf(EnvironmentFault);
  });

  it('goes on with a server that died and came back, and says so of one that did not', async () => {
    const store = open();
    await store.put(name, text('before'));
    await running.kill();
    const waiting = store.put(name, text('after'));
    await running.restart();
    await waiting;
    expect(await read(store)).toBe('after');
    await running.kill();
    const failed = await open({ maxAttempts: 2 })
      .get(name)
      .catch((error: unknown) => error);
    await running.restart();
    expect(failed).toBeInstanceOf(EnvironmentFault);
    expect((failed as Error).message).toMatch(
      /^s3:\/\/shared-store\/troubled\/object-\d+: reading an object failed: the server does not answer; found ECONN/,
    );
  });

  it('is right on a machine whose clock is an hour off, and jumps', async () => {
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, 'now');
    const store = open();
    for (const off of [3_600_000, 0, -3_600_000, 3_600_000, 0]) {
      clock.mockImplementation(() => now() + off);
      await store.put(name, text(`off by ${off}`));
      expect(await read(store)).toBe(`off by ${off}`);
    }
    clock.mockRestore();
    expect(gate.asked.length).toBeGreaterThan(10);
  });

  it('stops an upload when it is told to, and leaves nothing to be seen', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    gate.fate = (asked) => {
      if (isPart(asked) && /partNumber=3\b/.test(asked.path)) setImmediate(() => stop.abort(reason));
      return 'passed';
    };
    await expect(open().put(name, { path: largeFile }, { signal: stop.signal })).rejects.toBe(reason);
    expect(await open().stat(name)).toBeNull();
  });

  it('lists more than a server tells at once', async () => {
    const store = open();
    const many = Array.from({ length: 1_030 }, (_, each) => `${name}/${each}`);
    for (let from = 0; from < many.length; from += 40)
      await Promise.all(many.slice(from, from + 40).map((each) => store.put(each, text('x'))));
    const names: string[] = [];
    for await (const object of store.list(`${name}/`)) names.push(object.name);
    expect(names.sort()).toEqual(many.sort());
    expect(gate.count('GET', /continuation-token/)).toBe(1);
  });

  it('says what is wrong with keys and buckets, and shows no key', async () => {
    const secret = 'a-secret-that-nobody-may-see';
    const key = 'AKIANOBODYMAYSEETHIS';
    const cases: [S3ClientConfig, string, RegExp][] = [
      [
        { credentials: { accessKeyId: key, secretAccessKey: secret } },
        'shared-store',
        /does not know these keys\. Set AWS_ACCESS_KEY_ID/,
      ],
      [
        { credentials: { accessKeyId: 'foldwise-test', secretAccessKey: secret } },
        'shared-store',
        /does not take these keys\. Set AWS_ACCESS/,
      ],
      [{}, 'no-such-bucket', /there is no such bucket\. Make it/],
    ];
    for (const [settings, bucket, expected] of cases) {
      const store = new S3Objects({ bucket, prefix: '' }, { client: { ...running.settings, ...settings } });
      const failed = await store.put('x', text('x')).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(EnvironmentFault);
      const { message, stack, cause } = failed as Error;
      expect(message).toMatch(expected);
      expect(`${message} ${stack} ${JSON.stringify(cause)}`).not.toMatch(new RegExp(`${secret}|${key}`));
    }
    gate.fate = () => ({ status: 403, code: 'AccessDenied' });
    await expect(open().put('x', text('x'))).rejects.toThrow(
      /may not do this\. Allow these keys s3:GetObject/,
    );
  });

  it('says so where there are no keys, and where nothing says which region it is', async () => {
    const nothing = {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      AWS_CONFIG_FILE: join(folder, 'none'),
    };
    const unset = [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_ENDPOINT_URL_S3',
    ];
    const before = { ...process.env };
    Object.assign(process.env, nothing);
    for (const each of unset) delete process.env[each];
    try {
      const { endpoint } = running.settings;
      const store = new S3Objects(address, { client: { endpoint: endpoint! } });
      await expect(store.stat(name)).rejects.toThrow(/there are no keys for it\. Set AWS_ACCESS_KEY_ID/);
      await expect(new S3Objects(address).stat(name)).rejects.toBeInstanceOf(InputFault);
      await expect(new S3Objects(address).stat(name)).rejects.toThrow(/in which region.*AWS_REGION/);
    } finally {
      Object.assign(process.env, before);
      for (const each of Object.keys(nothing)) if (!(each in before)) delete process.env[each];
    }
  });
});
