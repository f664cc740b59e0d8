import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../../../../engine/device/device.js';
import { DropoutMasks } from '../../../../engine/device/dropout-masks.js';
import { MasksAhead } from '../../../../engine/device/resident/masks-ahead.js';
import type { PreparedMasks } from '../../../../engine/device/resident/run-masks.js';
import type { DropoutMask } from '../../../../engine/device/training-state.js';
import { residentOnProcessor } from '../../../setup/resident-on-processor.js';
import { goldenBatches } from '../../models/golden-model.js';
import { goldenTrainer } from '../golden-trainer.js';
import { contentOf } from '../weights.js';

/** Sites of odd sizes: from none that fills its last word to some that take several chunks. */
function masksOf(batch: number, rows: number): readonly DropoutMask[] {
  return [[rows, 7], [1], [2, rows, rows], [rows, 4_096]].map((shape, site) => ({
    name: `mask:${site}`,
    shape,
    probability: 0.1 + site / 10,
    key: [7, 1],
    counter: [batch, site, 0],
  }));
}

type Bytes = Readonly<Record<string, readonly number[]>>;

/** By themselves, on one thread. */
async function drawn(masks: readonly DropoutMask[]): Promise<Bytes> {
  const alone = new DropoutMasks(1);
  const found = await alone.flags(masks);
  const bytes = Object.fromEntries(found.map(({ name, data }) => [name, [...data]]));
  await alone.close();
  return bytes;
}

async function held(device: Device, { values }: PreparedMasks): Promise<Bytes> {
  const found: Record<string, readonly number[]> = {};
  for (const [name, value] of Object.entries(values)) {
    const data = (await device.download(value)) as Uint8Array;
    found[name] = [...data];
  }
  return found;
}

/** What the device is asked for, and what it fails at. */
class Watched {
  allocations = 0;
  uploads = 0;
  fails: 'allocate' | 'upload' | null = null;
  /** How many of those go well before. */
  after = 0;

  readonly device: Device;

  constructor(device: Device) {
    const allocate: Device['allocate'] = (...given) => {
      this.allocations++;
      this.pass('allocate');
      return device.allocate(...given);
    };
    const upload: Device['upload'] = async (data, to) => {
      this.uploads++;
      // As a card that reads what it copies when it comes to it.
      await turn();
      this.pass('upload');
      await device.upload(data, to);
    };
    this.device = Object.assign(Object.create(device) as Device, { allocate, upload });
  }

  private pass(what: 'allocate' | 'upload'): void {
    if (this.fails === what && this.after-- <= 0) throw new Error(`no ${what}`);
  }
}

describe('masks that the processor draws', () => {
  let watched: Watched;
  let before: Device['live'];

  beforeEach(async () => {
    const device = await residentOnProcessor(1);
    watched = new Watched(device);
    before = device.live;
  });

  afterEach(() => {
    expect(watched.device.live).toEqual(before);
  });

  const ahead = (mostBytes?: number): MasksAhead => new MasksAhead(watched.device, 2, mostBytes);

  it.each([
    ['in memories as large as they are by default', undefined],
    ['in memories of at most 20,000 bytes', 20_000],
  ])('hold what is drawn, %s', async (_, mostBytes) => {
    const masks = ahead(mostBytes);
    for (const [batch, rows] of [9, 5, 16, 9].entries()) {
      const wanted = masksOf(batch, rows);
      if (batch % 2 === 0) await masks.prepare(wanted);
      const taken = await masks.take(wanted);
      // Drawn while the run that has those of before is under way.
      await masks.prepare(masksOf(batch + 1, 3));
      expect(await held(watched.device, taken)).toEqual(await drawn(wanted));
      taken.release();
    }
    const none = await masks.take([]);
    expect(none.values).toEqual({});
    none.release();
    await masks.close();
  });

  it('are drawn ahead without a call of the device', async () => {
    const masks = ahead();
    await masks.prepare(masksOf(0, 9));
    expect(watched).toMatchObject({ allocations: 0, uploads: 0 });
    await masks.close();
  });

  it('that were drawn ahead for another run are drawn again', async () => {
    const masks = ahead();
    await masks.prepare(masksOf(1, 9));
    const other = await masks.take(masksOf(2, 9));
    expect(await held(watched.device, other)).toEqual(await drawn(masksOf(2, 9)));
    other.release();
    const late = await masks.take(masksOf(1, 9));
    expect(await held(watched.device, late)).toEqual(await drawn(masksOf(1, 9)));
    late.release();
    await masks.close();
  });

  it.each(['allocate', 'upload'] as const)('that fail at %s are given back', async (fails) => {
    const masks = ahead();
    (await masks.take(masksOf(0, 2))).release();
    for (const after of [0, 1, 2]) {
      Object.assign(watched, { fails, after });
      const larger = masksOf(1, 8 * 2 ** after);
      const taken = masks.take(larger).then((found) => found.release());
      await expect(taken).rejects.toThrow(`no ${fails}`);
      watched.fails = null;
      expect(watched.device.live.values).toBe(before.values);
      const again = await masks.take(larger);
      expect(await held(watched.device, again)).toEqual(await drawn(larger));
      again.release();
    }
    await masks.close();
  });
});

describe('a training whose masks the card draws', { timeout: 120_000 }, () => {
  it.each(['bert', 'deberta-v3'])(
    'of %s has the bits of one whose masks the processor draws',
    async (model) => {
      const batches = Object.values(goldenBatches(model)).map(({ tokens, labels }) => ({
        texts: tokens.map((ids) => Int32Array.from(ids)),
        targets: labels,
      }));
      const batchOf = (number: number) => batches[number % batches.length]!;
      const contents = [];
      for (const draws of [true, false]) {
        const device = await residentOnProcessor(1, { draws });
        const before = device.live;
        const options = { accumulate: 2, perturbation: { fgm: 0.5, awp: null } };
        const trainer = await goldenTrainer(device, model, options);
        for (let step = 0; step < 6; step++) {
          const settings = {
            learningRate: 1e-3,
            averageShare: null,
            perturbed: true,
            step,
            key: [7, 1],
          } as const;
          const stop = new AbortController();
          const both = [batchOf(2 * step), batchOf(2 * step + 1)];
          // A step that is given up leaves masks that are not the next one's.
          if (step === 3) {
            const given = trainer.stepOver(both, { ...settings, step: 9 }, stop.signal, batchOf(0));
            stop.abort();
            await expect(given).rejects.toThrow();
          }
          // One of two is foretold wrongly.
          await trainer.stepOver(both, settings, undefined, batchOf(2 * step + 2 + (step % 2)));
        }
        contents.push(await contentOf(trainer.state));
        await trainer.close();
        expect(device.live).toEqual(before);
        device.release();
      }
      expect(contents[0]).toEqual(contents[1]);
    },
  );
});
