import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointShelf } from '../../../store/checkpoints.js';
import { sha256 } from '../../../store/digest.js';
import { KeyIndex } from '../../../store/keys.js';
import { Artifacts } from '../../../store/artifacts.js';
import { sealed } from '../../../store/sealed-json.js';
import type { StorePlace as OpenStore } from '../../../worker/store-place.js';
import { run, type Captured } from '../capture.js';

/** Of the commands' store. */
export interface StorePlace {
  /** How it is called, of a workdir. */
  place(workdir: string): string;
  open(workdir: string): OpenStore;
  /** Options of the commands. */
  readonly options: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where the server or the folder keeps an object's bytes. */
  spoil(workdir: string, name: string): void;
  /** Makes all that there is so old. */
  age(workdir: string, days: number): void;
}

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);
const nameOf = (content: string): string => `store/sha256/${sha256(content).slice(0, 2)}/${sha256(content)}`;
const owner = { runId: 'gone', activityId: 'fold-1', attempt: 1, host: 'a-host', pid: 1, started: null };

interface Amounts {
  readonly kinds: readonly { readonly kind: string; readonly objects: number; readonly bytes: number }[];
  readonly forgotten: readonly string[];
}

/** What `foldwise store …` does on any store. */
export function describeStoreCommands(kind: string, place: () => StorePlace): void {
  describe(`foldwise store on ${kind}`, () => {
    let workdir: string;
    let store: OpenStore;
    beforeEach(async () => {
      workdir = mkdtempSync(join(tmpdir(), 'foldwise-store-command-'));
      // What --store names is set in this process.
      vi.stubEnv('FOLDWISE_STORE', undefined);
      for (const [name, value] of Object.entries(place().environment)) vi.stubEnv(name, value);
      store = place().open(workdir);
      const all: string[] = [];
      for await (const { name } of store.objects.list('')) all.push(name);
      for (const name of all) await store.objects.delete(name);
    });
    afterEach(() => {
      vi.unstubAllEnvs();
      rmSync(workdir, { recursive: true, force: true });
    });

    const command = (...args: string[]): Promise<Captured> =>
      run('store', ...args, '--workdir', workdir, ...place().options);
    const collected = async (...args: string[]): Promise<Amounts> =>
      JSON.parse((await command('gc', '--offline', '--json', ...args)).out) as Amounts;
    const amounts = ({ kinds }: Amounts): Record<string, number> =>
      Object.fromEntries(kinds.filter(({ objects }) => objects > 0).map((each) => [each.kind, each.objects]));
    const names = async (prefix = ''): Promise<string[]> => {
      const found: string[] = [];
      for await (const { name } of store.objects.list(prefix)) found.push(name);
      return found.sort();
    };
    /** A run that made this, and has it in its key. */
    const make = async (runName: string, content: string, pipeline = 'reviews'): Promise<string> => {
      const artifacts = new Artifacts(store.objects, store.files);
      const index = new KeyIndex(store.objects, artifacts);
      const key = sha256(`${runName} ${content}`);
      const output = { table: await artifacts.putBytes(text(content)) };
      const user = { kind: 'runs', name: runName, pipeline } as const;
      await index.record({ key, activity: 'prepareData', run: runName, output }, user);
      return key;
    };

    describe('looks at', () => {
      beforeEach(async () => {
        for (const content of ['one', 'another', '']) await store.objects.put(nameOf(content), text(content));
        await store.objects.put(`keys/ab/ab${'0'.repeat(62)}.json`, text('{}'));
        await store.objects.putIfAbsent(`checkpoints/${'0'.repeat(64)}/pointer.json`, text('{"a":1}'));
      });

      it('what is stored and nothing else, or what begins so (ls)', async () => {
        const all = JSON.parse((await command('ls', '--json')).out) as {
          place: string;
          objects: { name: string; bytes: number }[];
        };
        expect(all.place).toBe(place().place(workdir));
        expect(all.objects.map(({ name, bytes }) => [name, bytes])).toEqual(
          [
            [`checkpoints/${'0'.repeat(64)}/pointer.json`, 7],
            [`keys/ab/ab${'0'.repeat(62)}.json`, 2],
            [nameOf('one'), 3],
            [nameOf('another'), 7],
            [nameOf(''), 0],
          ].sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
        );
        expect((await command('ls', 'keys/')).out).toMatch(
          /^keys\/ab\/ab0+\.json {2}2 bytes? {2}\d{4}-\d\d-\d\dT/,
        );
        expect((await command('ls', 'nothing')).out).toBe('');
      });

      it('how much there is, by kind (du)', async () => {
        const { kinds, ...sum } = JSON.parse((await command('du', '--json')).out) as Amounts & {
          objects: number;
          bytes: number;
        };
        expect(kinds).toEqual([
          { kind: 'artifacts', objects: 3, bytes: 10 },
          { kind: 'tables', objects: 0, bytes: 0 },
          { kind: 'damaged', objects: 0, bytes: 0 },
          { kind: 'keys', objects: 1, bytes: 2 },
          { kind: 'checkpoints', objects: 1, bytes: 7 },
          { kind: 'runs', objects: 0, bytes: 0 },
          { kind: 'scores', objects: 0, bytes: 0 },
          { kind: 'uses', objects: 0, bytes: 0 },
        ]);
        expect(sum).toMatchObject({ objects: 5, bytes: 19 });
        expect((await command('du')).out).toMatch(/^ +objects +size\nartifacts +3 +10 bytes\n/);
      });

      it('every artifact, names those that are damaged, and changes none (verify)', async () => {
        expect((await command('verify')).out).toBe('3 of 3 artifacts (10 bytes) are sound');
        place().spoil(workdir, nameOf('one'));
        await expect(command('verify')).rejects.toThrow(/damaged: 1/);
        await expect(command('verify', '--json')).rejects.toThrow(/damaged: 1/);
        expect(await names('store/damaged/')).toEqual([]);
      });
    });

    it('says nothing of a store that is not there yet', async () => {
      expect((await command('verify')).out).toBe('0 of 0 artifacts (0 bytes) are sound');
      expect((await command('ls')).out).toBe('');
      expect(amounts(await collected('--delete', '--keep-days', '0'))).toEqual({});
    });

    describe('removes (gc)', () => {
      it('what nothing refers to once it is old, and only when it is told to', async () => {
        const key = await make('a run', 'kept');
        await store.objects.put(nameOf('loose'), text('loose'));
        await store.objects.put(`store/damaged/${sha256('x')}`, text('y'));
        await store.objects.put('probe/of-one-that-was-killed', text('x'));
        const all = await names();
        expect(amounts(await collected('--delete'))).toEqual({});
        place().age(workdir, 8);
        const found = { artifacts: 1, damaged: 1, unfinished: 1 };
        expect(amounts(await collected())).toEqual(found);
        const { out } = await command('gc', '--offline');
        expect(out).toMatch(/^to remove +objects +size\nartifacts +1 +5 bytes\n/);
        expect(out).toContain('Nothing was removed: --delete does it.');
        expect(await names()).toEqual(all);
        expect(amounts(await collected('--delete'))).toEqual(found);
        expect(await names('store/')).toEqual([nameOf('kept')]);
        expect(await names('keys/')).toEqual([`keys/${key.slice(0, 2)}/${key}.json`]);
        expect(amounts(await collected('--delete', '--keep-days', '9'))).toEqual({});
      });

      it('what only runs refer to that did nothing for so long, of a pipeline or of any', async () => {
        await make('old', 'of the old');
        await make('other', 'of another pipeline', 'others');
        const shared = await make('old', 'shared');
        place().age(workdir, 40);
        const artifacts = new Artifacts(store.objects, store.files);
        const user = { kind: 'runs', name: 'new one', pipeline: 'reviews' } as const;
        expect(await new KeyIndex(store.objects, artifacts).reuse(shared, user)).not.toBeNull();
        const found = { artifacts: 1, keys: 1, uses: 2 };
        const ofPipeline = ['--keep-days', '30', '--pipeline', 'reviews'];
        expect(await collected(...ofPipeline)).toMatchObject({ forgotten: ['old'] });
        expect(amounts(await collected(...ofPipeline))).toEqual(found);
        expect(amounts(await collected('--delete', ...ofPipeline))).toEqual(found);
        expect(await names('store/')).toEqual([nameOf('of another pipeline'), nameOf('shared')].sort());
        expect((await collected('--delete', '--keep-days', '30')).forgotten).toEqual(['other']);
        expect(await names('store/')).toEqual([nameOf('shared')]);
        await expect(command('gc', '--offline', '--pipeline', 'reviews')).rejects.toThrow(/Add --keep-days/);
      });

      it('checkpoints of finished folds, and of folds that nobody went on with', async () => {
        const shelf = new CheckpointShelf({ ...store, scratch: join(workdir, 'scratch') });
        const finished = await make('a run', 'trained');
        for (const key of [finished, sha256('left alone')]) {
          const acquired = await shelf.acquire(key, owner);
          expect(acquired).toHaveProperty('lease');
          await store.objects.put(`checkpoints/${key}/abc-def`, text('weights'));
        }
        await collected('--delete', '--keep-days', '0');
        expect(await names('checkpoints/')).toHaveLength(4);
        place().age(workdir, 10);
        expect(amounts(await collected('--delete'))).toEqual({ checkpoints: 2 });
        expect(await names('checkpoints/')).toHaveLength(2);
        expect(amounts(await collected('--delete', '--keep-days', '9'))).toMatchObject({ checkpoints: 2 });
        expect(await names('checkpoints/')).toEqual([]);
      });

      it('nothing where no server says which runs are open', async () => {
        await expect(command('gc')).rejects.toThrow(/--offline decides by age alone/);
      });

      it('what somebody else began to remove and was killed over', async () => {
        await store.objects.put('sweeps/one.json', sealed({ names: ['keys/x'] }));
        place().age(workdir, 8);
        expect(amounts(await collected('--delete'))).toEqual({ unfinished: 1 });
        expect(await names()).toEqual([]);
      });
    });
  });
}
