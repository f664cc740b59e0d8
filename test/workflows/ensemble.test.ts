import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readResultFile } from '../../activities/result-file.js';
import type { Predictor, Services } from '../../activities/services.js';
import { readOutOfFold } from '../../cli/runs/out-of-fold.js';
import { openTestTable } from '../../data/prepared-table.js';
import { InputFault } from '../../errors/fault.js';
import { mixProbabilities } from '../../metrics/mixture.js';
import type { RunResult } from '../../report/run-result.js';
import { learnWeights } from '../../tasks/ensemble.js';
import { tasks } from '../../tasks/index.js';
import { DevicePool } from '../../worker/devices/pool.js';
import { seeded } from '../metrics/cases.js';
import { Bench, labels, progressWhen, server, startEnvironment, update, without } from './bench.js';
import { FakeTrainer, type FakeTrainerOptions } from './fake-trainer.js';

/** Of three seeds one knows something, and two know nothing. */
const predict: FakeTrainerOptions['predict'] = (truth, entry, { seed }) => {
  const draw = seeded(1000 * seed + entry)();
  return seed === 7 ? 0.25 + 0.5 * truth + 0.2 * (draw - 0.5) : 0.2 + 0.6 * draw;
};

/** Every model gives its own seed's hundredth. */
class SeedPredictor implements Predictor {
  readonly asked: string[] = [];
  readonly devices: (string | undefined)[] = [];
  readonly computedIn = new Set<string | undefined>();

  async predict(...[folder, files, { device, computedIn }]: Parameters<Predictor['predict']>): Promise<void> {
    this.devices.push(device);
    this.computedIn.add(computedIn);
    const { texts, close } = openTestTable(files.table);
    close();
    const [, fold, seed] = readFileSync(join(folder, 'onnx', 'model.onnx'), 'utf8').split(' ');
    this.asked.push(`${seed}/${fold}`);
    const values = new Float32Array(texts.length * labels.length).fill(Number(seed) / 100);
    await writeFile(files.output, new Uint8Array(values.buffer));
  }
}

describe.skipIf(server === null)(`an ensemble of several members${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  const pipeline = (ensemble?: object) =>
    bench.pipeline({
      ...(ensemble === undefined ? {} : { ensemble }),
      steps: {
        data: { run: 'prepareData' },
        fold: {
          run: 'trainFold',
          needs: ['data'],
          matrix: { fold: 'all', 'training.seed': [7, 8, 9] },
        },
        oof: { run: 'aggregateOof', needs: ['fold'] },
        thresholds: { run: 'tuneThresholds', needs: ['oof'] },
        submission: { run: 'predictEnsemble', needs: ['thresholds'] },
        report: { run: 'writeReport', needs: ['submission'] },
      },
    });
  const folderOf = (run: string): string => join(bench.folder, 'runs', run);
  const resultOf = async (run: string): Promise<RunResult> =>
    (await readResultFile(join(folderOf(run), 'result.json')))!;
  const read = (run: string, file: string): string => readFileSync(join(folderOf(run), file), 'utf8');
  /** The probabilities of a table that a run wrote, and its folds where it has them. */
  const table = (run: string, file: string): { probabilities: Float32Array; folds: Int32Array } => {
    const [header = '', ...lines] = read(run, file).trimEnd().split('\n');
    const columns = header.split(',');
    const rows = lines.map((line) => line.split(','));
    const places = labels.map((label) => columns.indexOf(`p_${label}`));
    return {
      probabilities: Float32Array.from(
        rows.flatMap((row) => places.map((place) => (row[place] === '' ? NaN : Number(row[place])))),
      ),
      folds: Int32Array.from(rows, (row) => Number(row[columns.indexOf('fold')])),
    };
  };

  it('is mixed by weights that are learnt without each fold, and judged so', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    const predictor = new SeedPredictor();
    await bench.work({ predictor });
    await bench.complete({ run: 'weighed', pipeline: pipeline({ method: 'simplex' }) });
    const result = await resultOf('weighed');
    const ids = ['seed-7', 'seed-8', 'seed-9'];
    expect(result.members?.map(({ id, settings, skippedFolds }) => ({ id, settings, skippedFolds }))).toEqual(
      [7, 8, 9].map((seed) => ({
        id: `seed-${seed}`,
        settings: { 'training.seed': seed },
        skippedFolds: [],
      })),
    );

    // Each row of oof.csv is mixed by the weights that its members' other folds teach.
    const members = ids.map((id) => table('weighed', `oof-${id}.csv`));
    const { folds } = members[0]!;
    const { labels: truth, probabilities: deployed } = await readOutOfFold(folderOf('weighed'), result);
    const width = labels.length;
    const matrices = members.map(({ probabilities }) => probabilities);
    const learnt = learnWeights(tasks['multi-label'], { members: matrices, truth, folds, width }, 'simplex');
    expect(result.ensemble!.weights).toEqual(
      Object.fromEntries(ids.map((id, place) => [id, learnt.final[place]])),
    );
    table('weighed', 'oof.csv').probabilities.forEach((p, entry) => {
      const fold = folds[Math.floor(entry / width)];
      const { weights } = learnt.without.find((each) => each.fold === fold)!;
      const mixed = matrices.reduce((sum, each, place) => sum + weights[place]! * each[entry]!, 0);
      expect(p).toBeCloseTo(mixed, 6);
    });

    // What a report is drawn from is mixed as new rows are.
    expect(deployed).toEqual(mixProbabilities(matrices, learnt.final, width));

    // New rows are mixed by the weights that all rows teach; a member without weight is not asked.
    const final = result.ensemble!.weights;
    expect(final['seed-7']).toBeGreaterThan(0.9);
    const expected = [7, 8, 9].reduce((sum, seed) => sum + (final[`seed-${seed}`]! * seed) / 100, 0);
    for (const p of table('weighed', 'predictions.csv').probabilities) expect(p).toBeCloseTo(expected, 6);
    const weighed = ids.filter((id) => final[id]! > 0);
    expect(predictor.asked).toHaveLength(3 * weighed.length);

    // What it reaches, and what that gains.
    const { overMean, overBest } = result.ensemble!.gain;
    expect(overMean!.macroF1).toBeGreaterThan(0);
    expect(overBest!.interval[0]).toBeLessThanOrEqual(0);
    const scores = result.members!.map(({ macroF1 }) => macroF1!.crossFitted);
    expect(scores[0]).toBeGreaterThan(Math.max(scores[1]!, scores[2]!));
    expect(result.macroF1.crossFitted).toBeGreaterThan(scores[1]!);
    const page = read('weighed', 'report.html');
    expect(page).toContain('The ensemble gains in cross-fitted macro F1: +');
    for (const id of ids) expect(page).toContain(`<th scope="row">${id}</th>`);
  });

  it('is made anew by another method, and nothing is trained again; what is neutral may be said', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    const predictor = new SeedPredictor();
    await bench.work({ predictor });
    await bench.complete({ run: 'plain', pipeline: pipeline() });
    const plain = await resultOf('plain');
    expect(plain.ensemble).toMatchObject({ method: 'mean', gain: { overMean: null } });
    expect(Object.values(plain.ensemble!.weights)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    for (const p of table('plain', 'predictions.csv').probabilities) expect(p).toBeCloseTo(0.08, 6);
    const named = await bench.complete({
      run: 'named',
      pipeline: pipeline({ method: 'mean', incomplete: 'keep' }),
    });
    expect(named.reused).toEqual(expect.arrayContaining(['fold', 'oof', 'thresholds', 'submission']));
    const greedy = await bench.complete({ run: 'greedy', pipeline: pipeline({ method: 'greedy' }) });
    expect(greedy.reused).toEqual(expect.arrayContaining(['data', 'fold']));
    expect(greedy.reused).not.toContain('oof');
    expect((await resultOf('greedy')).ensemble!.method).toBe('greedy');
  });

  it.each([
    ['keep', ['seed-7', 'seed-8', 'seed-9'], 'the ensemble has it with its other folds'],
    ['drop', ['seed-8', 'seed-9'], 'the ensemble does without it'],
  ] as const)('lacks a fold of a member, which it is told to %s', async (incomplete, kept, words) => {
    const broken = new InputFault({ where: 'a fold', what: 'it does not fit' });
    const fail = ({ fold, seed }: { fold: number; seed: number }) =>
      seed === 7 && fold === 2 ? broken : undefined;
    bench = new Bench(environment, new FakeTrainer({ predict, fail }));
    await bench.work({ predictor: new SeedPredictor() });
    const handle = await bench.start({
      run: 'lacking',
      pipeline: pipeline({ method: 'greedy', incomplete }),
    });
    await progressWhen(handle, ({ state }) => state === 'waiting');
    await update(handle, 'skip', { step: 'fold', cell: 'seed-7/2' });
    await handle.result();
    const result = await resultOf('lacking');
    expect(Object.keys(result.ensemble!.weights)).toEqual(kept);
    const lacking = result.members!.find(({ id }) => id === 'seed-7')!;
    expect(lacking.skippedFolds).toEqual([2]);
    expect(lacking.macroF1 === null).toBe(incomplete === 'drop');
    expect([result.skippedFolds, result.rowsWithoutOof]).toEqual([[], 0]);
    expect(read('lacking', 'report.html')).toContain(`Member seed-7 lacks fold 2: ${words}.`);
    const files = readdirSync(folderOf('lacking')).filter((file) => file.startsWith('oof-'));
    expect(files.sort()).toEqual(kept.map((id) => `oof-${id}.csv`));
    // The rows of the fold that one lacks are those of the others.
    const { probabilities, folds } = table('lacking', 'oof.csv');
    expect(probabilities.some(Number.isNaN)).toBe(false);
    if (incomplete === 'keep') {
      const own = table('lacking', 'oof-seed-7.csv').probabilities;
      own.forEach((p, entry) => {
        expect(Number.isNaN(p)).toBe(folds[Math.floor(entry / labels.length)] === 2);
      });
    }
  });

  it('ends where no member is left', async () => {
    const broken = new InputFault({ where: 'a fold', what: 'it does not fit' });
    const fail = ({ fold }: { fold: number }) => (fold === 2 ? broken : undefined);
    bench = new Bench(environment, new FakeTrainer({ predict, fail }));
    await bench.work({ predictor: new SeedPredictor() });
    const handle = await bench.start({ run: 'none', pipeline: pipeline({ incomplete: 'drop' }) });
    await progressWhen(handle, ({ state }) => state === 'waiting');
    await update(handle, 'skip', { step: 'fold' });
    const failure: unknown = await handle.result().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      cause: {
        message: expect.stringMatching(
          /no member of the ensemble has all its folds.*incomplete to keep/s,
        ) as string,
      },
    });
  });

  it('predicts on the devices of its worker, whose bits it takes for no other’s', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    const predictor = new SeedPredictor();
    const card: Partial<Services> = {
      devices: new DevicePool(['webgpu']),
      engineSignature: (_, device) => `fake engine on ${device}`,
    };
    const reusedBy = async (run: string): Promise<boolean> =>
      (await bench.complete({ run, pipeline: bench.pipeline() })).reused.includes('submission');
    const devices = (): unknown[] => [...new Set(predictor.devices.splice(0))];
    await bench.work({ predictor });
    expect([await reusedBy('first'), devices()]).toEqual([false, ['cpu']]);
    expect([await reusedBy('again'), devices()]).toEqual([true, []]);
    await bench.rest();
    await bench.work({ predictor, ...card });
    expect([await reusedBy('on-a-card'), devices()]).toEqual([false, ['webgpu']]);
    expect([await reusedBy('there-again'), devices()]).toEqual([true, []]);
  });

  it('computes the test rows in what its folds were judged in', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    const predictor = new SeedPredictor();
    const card: Partial<Services> = {
      devices: new DevicePool(['webgpu']),
      engineSignature: (_, device) => `fake engine on ${device}`,
    };
    await bench.work({ predictor, ...card });
    const inTwoBytes = bench.pipeline({ training: { precision: 'float16' } });
    await bench.complete({ run: 'two-bytes', pipeline: inTwoBytes });
    expect([...predictor.computedIn]).toEqual(['float16']);
    predictor.computedIn.clear();
    await bench.complete({ run: 'four-bytes', pipeline: bench.pipeline() });
    expect([...predictor.computedIn]).toEqual(['float32']);
  });

  it('of one member alone is that member, with no word of an ensemble', async () => {
    bench = new Bench(environment, new FakeTrainer({ predict }));
    await bench.work({ predictor: new SeedPredictor() });
    await bench.complete({ run: 'alone', pipeline: bench.pipeline({ ensemble: { method: 'simplex' } }) });
    const result = await resultOf('alone');
    expect([result.members, result.ensemble]).toEqual([undefined, undefined]);
    expect(existsSync(join(folderOf('alone'), 'oof-.csv'))).toBe(false);
    expect(read('alone', 'report.html')).not.toContain('Members');
    const plain = await bench.complete({ run: 'plain' });
    expect(plain.reused).toEqual(expect.arrayContaining(['fold', 'oof', 'thresholds', 'submission']));
  });
});
