import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { S3Server } from '../../bench/s3/s3-server.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { sha256 } from '../../store/digest.js';
import { ForeignFiles } from '../../store/foreign-files.js';
import { connectS3, type S3Connection } from '../../store/s3/client.js';
import { ForeignObjects } from '../../store/s3/foreign-objects.js';
import { Gate, type Asked } from './s3/gate.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-foreign-'));
const server = await S3Server.start('versitygw', join(folder, 'server')).catch((error: Error) => error);
const skipped = server instanceof Error ? ` (skipped: ${server.message})` : '';
afterAll(async () => {
  if (server instanceof S3Server) await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!(server instanceof S3Server))(`a table in S3${skipped}`, { timeout: 120_000 }, () => {
  const running = server as S3Server;
  const bucket = 'tables-of-others';
  let writer: S3Connection;
  let gate: Gate;
  let tests = 0;
  let object: { bucket: string; key: string };
  let cache: string;
  beforeAll(async () => {
    await running.makeBucket(bucket);
    writer = await connectS3('a test', running.settings);
  });
  beforeEach(async () => {
    gate = await Gate.before(running.port);
    // A key as others choose them.
    object = { bucket, key: `day=${++tests}/train set ä.csv` };
    cache = join(folder, `cache-${tests}`);
    return () => gate.close();
  });
  afterAll(() => writer.client.destroy());

  const write = async (content: string): Promise<void> => {
    const target = { Bucket: bucket, Key: object.key, Body: content };
    await writer.client.send(new writer.sdk.PutObjectCommand(target));
  };
  /** As another process would open them. */
  const files = (mostBytes?: number): ForeignFiles =>
    new ForeignFiles(
      new ForeignObjects(gate.through(running.settings)),
      cache,
      mostBytes === undefined ? {} : { mostBytes },
    );
  const isGet = ({ method }: Asked): boolean => method === 'GET';
  const downloads = (): number => gate.asked.filter(isGet).length;

  it('is read once for each version, by all who ask, and later ones of this machine', async () => {
    await write('one');
    const first = files();
    const [digest, ...others] = await Promise.all(
      Array.from({ length: 4 }, () => first.digest(object, Infinity)),
    );
    expect([digest, ...others]).toEqual(Array(4).fill(sha256('one')));
    const file = await files().file(object, Infinity);
    expect([file.sha256, readFileSync(file.path, 'utf8')]).toEqual([sha256('one'), 'one']);
    expect(downloads()).toBe(1);
    await write('another');
    expect(await files().digest(object, Infinity)).toBe(sha256('another'));
    expect(downloads()).toBe(2);
    // The former bytes again: who reads them has them.
    await write('one');
    expect(await first.digest(object, Infinity)).toBe(sha256('one'));
    // Whoever began to read a file reads it to its end.
    expect(readFileSync(file.path, 'utf8')).toBe('one');
    expect(statSync(file.path).mode & 0o222).toBe(0);
  });

  it('is brought again where the cache was removed, though its hash is known', async () => {
    await write('one');
    await files().digest(object, Infinity);
    rmSync(join(cache, 'files'), { recursive: true });
    const { path } = await files().file(object, Infinity);
    expect(readFileSync(path, 'utf8')).toBe('one');
    // Known by its note alone, it is another by now.
    rmSync(join(cache, 'files'), { recursive: true });
    const objects = new ForeignObjects(running.settings);
    const stale = new ForeignFiles(
      {
        stat: (asked) => objects.stat(asked),
        get: async (asked, range) => {
          await write('two');
          return objects.get(asked, range);
        },
      },
      cache,
    );
    await expect(stale.file(object, Infinity)).rejects.toThrow(EnvironmentFault);
    await expect(stale.file(object, Infinity)).resolves.toMatchObject({ sha256: sha256('two') });
    expect(readFileSync((await files().file(object, Infinity)).path, 'utf8')).toBe('two');
  });

  it('that is replaced while it is read is one of both, or refused, and never a mixture', async () => {
    const [one, two] = ['1', '2'].map((each) => each.repeat(3_000_000)) as [string, string];
    await write(one);
    let torn = 0;
    const objects = new ForeignObjects(gate.through(running.settings));
    gate.fate = (asked) => (isGet(asked) && torn++ === 0 ? 'torn' : 'passed');
    const between = new ForeignFiles(
      {
        stat: (asked) => objects.stat(asked),
        get: async (asked, range) => {
          const content = await objects.get(asked, range);
          await write(two);
          return content;
        },
      },
      cache,
    );
    await expect(between.digest(object, Infinity)).rejects.toThrow(
      /train set ä\.csv: it was replaced while it was being read/,
    );
    expect(readdirSync(join(cache, 'partial'))).toEqual([]);
    expect(await files().digest(object, Infinity)).toBe(sha256(two));
  });

  it('goes on where an answer broke off', async () => {
    await write('x'.repeat(3_000_000));
    let torn = 0;
    gate.fate = (asked) => (isGet(asked) && torn++ === 0 ? 'torn' : 'passed');
    expect(await files().digest(object, Infinity)).toBe(sha256('x'.repeat(3_000_000)));
    expect(gate.asked.filter(isGet).at(-1)?.headers['range']).toMatch(/^bytes=\d+-/);
  });

  it('that is too large is not brought', async () => {
    await write('123456');
    await expect(files().digest(object, 5)).rejects.toThrow(
      /train set ä\.csv: the table is too large; found 6 bytes; expected at most 5 bytes$/,
    );
    await expect(files(5).digest(object, Infinity)).rejects.toThrow(
      /found 6 bytes; expected at most 5 bytes\. A larger cache takes it: FOLDWISE_CACHE_GIB\.$/,
    );
    expect(readdirSync(cache)).toEqual(['partial']);
    expect(readdirSync(join(cache, 'partial'))).toEqual([]);
    await files().digest(object, 6);
    // Known by its note.
    await expect(files().digest(object, 5)).rejects.toBeInstanceOf(InputFault);
  });

  it('that is not there, or may not be read, is told with what to do', async () => {
    const missing = files().digest(object, Infinity);
    await expect(missing).rejects.toThrow(
      /^s3:\/\/tables-of-others\/day=\d+\/.*: there is no such object\. /,
    );
    await expect(missing).rejects.toBeInstanceOf(InputFault);
    const nowhere = files().digest({ bucket: 'no-such-bucket', key: 'x' }, Infinity);
    await expect(nowhere).rejects.toThrow(/^s3:\/\/no-such-bucket\/x: there is no such bucket\. /);
    await expect(nowhere).rejects.toBeInstanceOf(InputFault);
    await write('one');
    await files().digest(object, Infinity);
    // Once noted, it is asked for without a reason for the refusal first.
    gate.fate = () => ({ status: 403, code: 'AccessDenied' });
    const denied = files().digest(object, Infinity);
    await expect(denied).rejects.toThrow(/these keys may not read it; found .*403.*s3:GetObject/);
    await expect(denied).rejects.toBeInstanceOf(InputFault);
    const strange = new ForeignFiles(
      new ForeignObjects({
        ...running.settings,
        credentials: { accessKeyId: 'nobody', secretAccessKey: 'a-secret' },
      }),
      cache,
    );
    const unknown = strange.digest(object, Infinity);
    await expect(unknown).rejects.toThrow(/^(?!.*a-secret).*the server does not know these keys/s);
    await expect(unknown).rejects.toBeInstanceOf(EnvironmentFault);
  });
});
