import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compileFakeCard, withoutProvider, type FakeCardOptions } from '../setup/fake-card/fake-card.js';
import { canRun, foldwise, withoutRuns, type Ended } from './built-command-line.js';
import { SmallProject } from './small-project.js';

const missing = withoutProvider();

/** Cards that compute nothing, two of them: who uses which, and what becomes of a fold whose card fails. */
describe.skipIf(!canRun || missing !== null)(
  `a run whose folds train on two cards of CUDA${withoutRuns}${missing === null ? '' : ` (skipped: ${missing})`}`,
  { timeout: 300_000 },
  () => {
    const project = new SmallProject();
    project.model(
      'scratch: { type: bert, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32, vocabulary: 80 }',
    );
    afterAll(() => rmSync(project.folder, { recursive: true, force: true, maxRetries: 5 }));

    /** Two cards with a run on them of its own. */
    function twoCards(name: string, options: FakeCardOptions = {}) {
      const notes = join(project.folder, `${name}.notes`);
      const card = compileFakeCard(join(project.folder, name), { cards: 2, notes, ...options });
      const workdir = join(project.folder, `${name}-state`);
      const env = { LD_LIBRARY_PATH: card };
      const run = (): Promise<Ended> =>
        foldwise(['run', project.pipeline, '--device', 'cuda:0,cuda:1', '--workdir', workdir], env);
      const file = (path: string): string => {
        const [id] = readdirSync(join(workdir, 'runs')).filter((each) => each.startsWith('small'));
        return readFileSync(join(workdir, 'runs', id!, path), 'utf8');
      };
      return {
        env,
        run,
        file,
        notes,
        log: () => readFileSync(join(workdir, '.foldwise/worker.log'), 'utf8'),
      };
    }

    /** The cards that each process was seen to use, by ONNX Runtime and by the driver's own interface. */
    function usedBy(notes: string): Map<string, Record<string, string[]>> {
      const used = new Map<string, Record<string, string[]>>();
      for (const line of readFileSync(notes, 'utf8').trim().split('\n')) {
        const [who, process, card] = line.split(' ') as [string, string, string];
        const of = used.get(process) ?? {};
        used.set(process, { ...of, [who]: [...(of[who] ?? []), card] });
      }
      return used;
    }

    it('lists both', async () => {
      const { out } = await foldwise(['devices'], twoCards('listed').env);
      expect(out.match(/^cuda:\d +✓ starts: A card of tests/gm)).toHaveLength(2);
    });

    it('has each fold on a card of its own at the same time, and no process uses another’s', async () => {
      const { run, file, notes } = twoCards('plain');
      const ended = await run();
      expect(ended.code, ended.err).toBe(0);
      expect(
        file('result.json')
          .match(/"device": "cuda:\d"/g)
          ?.sort(),
      ).toEqual(['"device": "cuda:0"', '"device": "cuda:1"']);
      const cards = [...usedBy(notes).values()].filter(({ driver }) => driver !== undefined);
      for (const { driver, provider } of cards) {
        expect(driver).toHaveLength(1);
        expect(provider).toEqual(driver);
      }
      expect(new Set(cards.flatMap(({ driver }) => driver!))).toEqual(new Set(['0', '1']));
      // Each has begun before the other has ended.
      const course = eventsOf(file).map(({ event }) => event);
      expect(course.lastIndexOf('fold started')).toBeLessThan(course.indexOf('fold finished'));
    });

    it('goes on with a fold whose card has failed from its checkpoint, and leaves the other alone', async () => {
      const { run, file } = twoCards('failing', { failing: { card: 1, launch: 100 } });
      const ended = await run();
      expect(ended.code, ended.err).toBe(0);
      const [, failed] = /^fold-(\d): attempt 2, after: fold \1 on cuda:1: .* the device is lost/m.exec(
        ended.out,
      )!;
      const starts = eventsOf(file).filter(({ event }) => event === 'fold started');
      const [first, second, ...others] = starts.filter(({ fold }) => String(fold) === failed);
      expect(first).toMatchObject({ attempt: 1, resumedFrom: 0, device: 'cuda:1' });
      expect(second).toMatchObject({ attempt: 2 });
      expect(second!.resumedFrom).toBeGreaterThan(0);
      expect(others).toEqual([]);
      expect(starts.filter(({ fold }) => String(fold) !== failed)).toMatchObject([
        { attempt: 1, device: 'cuda:0' },
      ]);
    });
  },
);

interface RunEvent {
  readonly event: string;
  readonly fold?: number;
  readonly resumedFrom?: number;
}

function eventsOf(file: (path: string) => string): RunEvent[] {
  const lines = file('events.ndjson').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as RunEvent);
}
