import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { S3Server } from '../../../bench/s3/s3-server.js';
import { EnvironmentFault, InputFault } from '../../../errors/fault.js';
import { requireConditionalWrites } from '../../../store/objects/conditional-writes.js';
import { FolderObjects } from '../../../store/objects/folder-objects.js';
import { S3Objects } from '../../../store/s3/s3-objects.js';
import { ForgetfulServer } from './forgetful-server.js';
import { Gate } from './gate.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-probe-'));
const server = await S3Server.start('versitygw', join(folder, 'server')).catch((error: Error) => error);
const skipped = server instanceof Error ? ` (skipped: ${server.message})` : '';
afterAll(async () => {
  if (server instanceof S3Server) await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

it('a folder honours conditional writes', async () => {
  await requireConditionalWrites(new FolderObjects(join(folder, 'store')));
});

const writesOver = /; found it writes over what is there though told not to \(If-None-Match\)/;
const replaces = /; found it replaces another version than it was told to \(If-Match\)/;

it.each([
  [[], writesOver],
  [['if-match'], writesOver],
  [['if-none-match'], replaces],
])('a bucket is refused whose server honours but %j', async (honoured, expected) => {
  const forgetful = await ForgetfulServer.start(honoured);
  const store = new S3Objects({ bucket: 'old', prefix: 'p/' }, { client: forgetful.settings });
  const refused = await requireConditionalWrites(store).catch((error: unknown) => error);
  forgetful.close();
  expect(refused).toBeInstanceOf(InputFault);
  expect((refused as Error).message).toMatch(
    /^s3:\/\/old\/p: this cannot be the store: its server does not honour conditional writes; found/,
  );
  expect((refused as Error).message).toMatch(expected);
});

it('the stand-in is a server like others where it honours both', async () => {
  const honest = await ForgetfulServer.start(['if-match', 'if-none-match']);
  await requireConditionalWrites(
    new S3Objects({ bucket: 'new', prefix: '' }, { client: honest.settings }),
  ).finally(() => honest.close());
});

describe.skipIf(!(server instanceof S3Server))(`the proof of a bucket${skipped}`, () => {
  const running = server as S3Server;
  let gate: Gate;
  let store: S3Objects;
  beforeAll(() => running.makeBucket('proved'));
  beforeEach(async () => {
    gate = await Gate.before(running.port);
    store = new S3Objects({ bucket: 'proved', prefix: 'p/' }, { client: gate.through(running.settings) });
  });
  afterEach(() => gate.close());

  it('is given by a server that knows conditions, and leaves nothing behind', async () => {
    await requireConditionalWrites(store);
    const names: string[] = [];
    for await (const { name } of store.list('')) names.push(name);
    expect(names).toEqual([]);
  });

  it.each([
    [501, 'NotImplemented'],
    [400, 'InvalidArgument'],
  ])('is refused by a server that answers %i to a condition', async (status, code) => {
    gate.fate = ({ headers }) => (headers['if-none-match'] === undefined ? 'passed' : { status, code });
    await expect(requireConditionalWrites(store)).rejects.toThrow(new RegExp(`answer ${status} ${code}`));
  });

  it('is given where answers to the trials are lost, and cannot be where there is no server', async () => {
    gate.fate = (_, place) => (place % 2 === 0 ? 'unanswered' : 'passed');
    await requireConditionalWrites(store);
    gate.fate = () => 'cut';
    await expect(requireConditionalWrites(store)).rejects.toBeInstanceOf(EnvironmentFault);
  });
});
