import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunDirectory } from '../../activities/run-directory.js';
import { ScoreDirectory } from '../../activities/scoring/score-directory.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { sealed } from '../../store/sealed-json.js';
import type { ArtifactRef } from '../../store/store.js';
import type { State } from '../../worker/state.js';
import { stateElsewhere } from '../store/elsewhere.js';
import { MemoryObjects } from '../store/memory-objects.js';

let folder: string;
let objects: MemoryObjects;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-results-'));
  objects = new MemoryObjects(() => new Promise(setImmediate));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const owner = { workflowId: 'pipeline', runId: 'first' };
const host = (name: string): State => stateElsewhere(join(folder, name), objects);
const text = (state: State, content: string): Promise<ArtifactRef> =>
  state.store.putBytes(Buffer.from(content));
const read = (name: string, path: string): string =>
  readFileSync(join(folder, name, 'runs', 'run one', path), 'utf8');
const everything = (): boolean => true;

/** The directory of a run with a name that a person gave. */
const directory = (state: State): RunDirectory => new RunDirectory(state, 'run one');

describe('the files of a run on hosts that share no folder', () => {
  it('are brought to any of them, whichever made them', async () => {
    const [one, two, three] = [host('one'), host('two'), host('three')];
    for (const state of [one, two]) expect(await directory(state).claim(owner)).toEqual(owner);
    await directory(one).put({ 'models/fold-1/config.json': await text(one, 'first') });
    await directory(two).put({ 'models/fold-2/config.json': await text(two, 'second') });
    await directory(two).put({ 'result.json': await text(two, '{}') });
    expect(existsSync(join(folder, 'one', 'runs', 'run one', 'result.json'))).toBe(false);

    expect(await directory(three).bring((path) => path === 'result.json')).toBe(true);
    expect(read('three', 'result.json')).toBe('{}');
    expect(existsSync(join(folder, 'three', 'runs', 'run one', 'models'))).toBe(false);
    expect(await directory(three).owner()).toEqual(owner);
    for (const name of ['one', 'three']) {
      await directory(host(name)).bring(everything);
      expect(read(name, 'models/fold-1/config.json')).toBe('first');
      expect(read(name, 'models/fold-2/config.json')).toBe('second');
    }
  });

  it('are all noted, however many hosts place theirs at once', async () => {
    await directory(host('main')).claim(owner);
    const placed = Array.from({ length: 16 }, async (_, fold) => {
      const state = host(`host-${fold}`);
      await directory(state).claim(owner);
      await directory(state).put({ [`models/fold-${fold}/config.json`]: await text(state, String(fold)) });
    });
    await Promise.all(placed);
    const results = await host('main').results!.runs.read('run one');
    expect(Object.keys(results!.files)).toHaveLength(16);
  });

  it('are written into the index once', async () => {
    const state = host('one');
    await directory(state).claim(owner);
    const files = { 'oof.csv': await text(state, 'rows') };
    await directory(state).put(files);
    const before = objects.written.length;
    await directory(state).put(files);
    expect(objects.written).toHaveLength(before);
  });

  it('are of one workflow: another of that name is refused on every host', async () => {
    const other = { workflowId: 'pipeline', runId: 'second' };
    const claims = await Promise.all([
      directory(host('one')).claim(owner),
      directory(host('two')).claim(other),
    ]);
    expect(claims[0]).toEqual(claims[1]);
    const loser = claims[0] === owner ? 'two' : 'one';
    expect(await directory(host(loser)).claim(loser === 'two' ? other : owner)).toEqual(claims[0]);
    expect(await directory(host('three')).claim(other)).toEqual(claims[0]);
  });

  it('replace what a host has of before, and leave what it has', async () => {
    const [one, two] = [host('one'), host('two')];
    for (const state of [one, two]) await directory(state).claim(owner);
    await directory(one).put({ 'result.json': await text(one, 'old'), 'oof.csv': await text(one, 'rows') });
    await directory(two).put({ 'result.json': await text(two, 'new') });
    objects.read.length = 0;
    await directory(one).bring(everything);
    expect([read('one', 'result.json'), read('one', 'oof.csv')]).toEqual(['new', 'rows']);
    expect(objects.read.filter((name) => name.startsWith('store/'))).toHaveLength(1);
  });

  it('are not known of a run that nobody began', async () => {
    expect(await directory(host('one')).bring(everything)).toBe(false);
    expect(existsSync(join(folder, 'one', 'runs'))).toBe(false);
  });

  it('never leave the directory, whatever the index says', async () => {
    const state = host('one');
    const ref = await text(state, 'stolen');
    for (const path of ['../../outside', '/tmp/outside', 'a/../../../outside']) {
      const results = {
        name: 'run one',
        owner,
        startedAt: new Date(0).toISOString(),
        files: { [path]: ref },
      };
      await objects.put('runs/run_-one/files.json', sealed(results));
      await expect(directory(state).bring(everything)).rejects.toBeInstanceOf(InputFault);
    }
    expect(existsSync(join(folder, 'one', 'outside'))).toBe(false);
  });

  it('say so where their index is damaged', async () => {
    const state = host('one');
    await directory(state).claim(owner);
    await objects.put('runs/run_-one/files.json', Buffer.from('{"sha256":"'));
    const placed = directory(state).put({ 'oof.csv': await text(state, 'rows') });
    await expect(placed).rejects.toBeInstanceOf(EnvironmentFault);
  });

  it('are noted of a directory that was begun before there was an index', async () => {
    const state = host('one');
    await directory(state).claim(owner);
    objects.held.clear();
    await directory(state).put({ 'oof.csv': await text(state, 'rows') });
    expect((await state.results!.runs.read('run one'))?.owner).toEqual(owner);
  });

  it('are listed with their names, apart from scorings', async () => {
    const state = host('one');
    for (const name of ['a b', 'a_b', 'a_-b', 'a__b']) await new RunDirectory(state, name).claim(owner);
    await new ScoreDirectory(state, 'scoring').claim(owner);
    const names: string[] = [];
    for await (const { name } of state.results!.runs.list()) names.push(name);
    expect(names.toSorted()).toEqual(['a b', 'a_-b', 'a__b', 'a_b']);
  });
});

describe('the files of a run whose folder all share', () => {
  it('are in no index', async () => {
    const state = { ...host('one'), results: null };
    writeFileSync(join(folder, 'unused'), '');
    await directory(state).claim(owner);
    await directory(state).put({ 'oof.csv': await text(state, 'rows') });
    expect([...objects.held.keys()].filter((name) => name.startsWith('runs/'))).toEqual([]);
    expect(read('one', 'oof.csv')).toBe('rows');
  });
});
