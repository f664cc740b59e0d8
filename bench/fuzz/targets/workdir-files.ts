import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { outputOf } from '../../../activities/doors.js';
import { RunDirectory } from '../../../activities/run-directory.js';
import { InputFault } from '../../../errors/fault.js';
import { sha256 } from '../../../store/digest.js';
import { sealed } from '../../../store/sealed-json.js';
import { openState } from '../../../worker/state.js';
import { artifact, trainedFold } from '../calls.js';
import { mutateBytes, mutateJson } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const key = sha256('key');
const token = '123e4567-e89b-42d3-a456-426614174000';
const file = { name: `${token}-${artifact().sha256}`, sha256: artifact().sha256, bytes: 10 };

/** Of the pointer's contents, the one that its folder says is current. */
const version = '7-0123456789ab';

/** An artifact that is there. */
const kept = Buffer.from('kept');
const ref = { uri: `artifact:sha256/${sha256(kept)}`, sha256: sha256(kept), bytes: kept.length };
const output = trainedFold(1, { rows: ref, probabilities: ref, model: { 'config.json': ref } });

const pointer = {
  owner: { runId: 'x', activityId: 'fold-1', attempt: 1, host: 'elsewhere', pid: 1, started: null },
  token,
  seed: 42,
  attempts: 1,
  checkpoints: [{ step: 3, state: file, best: null }],
};

const samples = {
  record: { key, activity: 'trainFold', run: 'run', execution: 'x', output },
  pointer: { ...pointer, released: true, leaseMs: 20_000, writes: 7 },
  'earlier pointer': { ...pointer, leaseUntil: 0 },
  owner: { workflowId: 'w', runId: 'x' },
} as const;

type Kind = keyof typeof samples;

const places: Readonly<Record<Kind, string>> = {
  record: `.foldwise/keys/${key.slice(0, 2)}/${key}.json`,
  pointer: `.foldwise/checkpoints/${key}/pointer.json@/${version}`,
  'earlier pointer': `.foldwise/checkpoints/${key}/pointer-7.json`,
  owner: 'runs/run/run.json',
};

/** The files by which a workdir remembers what was done, damaged in any way, also with a hash that fits. */
export const workdirFiles: FuzzTarget = {
  name: 'workdir-files',
  reads: 'key index, checkpoint pointers and run.json',
  extension: '.json',
  make(dice) {
    const kind = dice.one(['record', 'pointer', 'earlier pointer', 'owner'] as const) ?? 'record';
    const value = dice.between(0, 1) < 0.1 ? samples[kind] : mutateJson(dice, samples[kind]);
    const text = kind === 'owner' ? JSON.stringify(value ?? null) : sealed(value ?? null);
    const bytes = Buffer.from(text);
    return Buffer.concat([
      Buffer.from(`${kind}\n`),
      dice.between(0, 1) < 0.3 ? mutateBytes(dice, bytes) : bytes,
    ]);
  },
  async run(input, scratch) {
    const end = input.indexOf(10);
    const kind = Buffer.from(input.subarray(0, end)).toString('utf8') as Kind;
    const workdir = join(scratch, 'workdir');
    const path = join(workdir, places[kind]);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, input.subarray(end + 1));
    if (kind === 'pointer') writeFileSync(join(dirname(path), `current=${version}`), '');
    const understood = await read(workdir, kind);
    if (readdirSync(scratch).join() !== 'workdir')
      throw new Error('a file was written outside of the workdir');
    if (understood === null) throw new InputFault({ where: places[kind], what: 'it is passed over' });
    return kind;
  },
};

async function read(workdir: string, kind: Kind): Promise<unknown> {
  const state = openState(workdir);
  const { keys, checkpoints, store } = state;
  switch (kind) {
    case 'record': {
      await store.putBytes(kept);
      const record = await keys.find(key);
      return record === null ? null : outputOf('trainFold', record.output);
    }
    case 'pointer':
    case 'earlier pointer': {
      const owner = { ...samples.pointer.owner, runId: 'y' };
      const acquired = await checkpoints.acquire(key, owner);
      if (!('lease' in acquired)) return acquired;
      const { attempts } = acquired.lease;
      await checkpoints.release(acquired.lease);
      // A pointer that is passed over leaves a fold that nobody has begun.
      return attempts === 1 ? null : attempts;
    }
    case 'owner':
      return new RunDirectory(state, 'run').owner();
  }
}
