import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ScoreInput, ScoreResult } from '../../activities/scoring/contracts.js';
import type { Predictor, Services } from '../../activities/services.js';
import { openTestTable } from '../../data/prepared-table.js';
import { manifestName, manifestOf } from '../../ensemble/exported-ensemble.js';
import { DevicePool } from '../../worker/devices/pool.js';
import type { ScoreSummary } from '../../workflows/score.js';
import type { ScoringProgress } from '../../workflows/scoring-progress.js';
import { Bench, labels, server, startEnvironment, without } from './bench.js';

/** Probabilities that depend on the text alone, and take as long as is asked. */
class TextPredictor implements Predictor {
  /** Rows of each call. */
  readonly calls: number[] = [];
  readonly precisions: (string | undefined)[] = [];
  readonly devices: (string | undefined)[] = [];
  msPerCall = 0;

  async predict(...[, files, { precision, device }]: Parameters<Predictor['predict']>): Promise<void> {
    const { texts, close } = openTestTable(files.table);
    const rows = texts.range(0, texts.length);
    close();
    if (this.msPerCall > 0) await delay(this.msPerCall);
    this.calls.push(rows.length);
    this.precisions.push(precision);
    this.devices.push(device);
    const values = rows.flatMap((text) => labels.map((label) => scoreOf(text + label)));
    await writeFile(files.output, new Uint8Array(Float32Array.from(values).buffer));
  }
}

function scoreOf(text: string): number {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)!) % 1009;
  return hash / 1009;
}

const texts = Array.from({ length: 23 }, (_, row) =>
  row % 5 === 0 ? `"a, text\nof ${row}"` : `text of ${row}`,
);

describe.skipIf(server === null)(`a table that is scored in chunks${without}`, () => {
  let environment: TestWorkflowEnvironment;
  /** Where the run lies that each test has a copy of. */
  let trained: Bench;
  let bench: Bench;
  let predictor: TextPredictor;
  let table: string;
  let starts = 0;
  beforeAll(async () => {
    environment = await startEnvironment();
    trained = new Bench(environment);
    await trained.work({ predictor: new TextPredictor() });
    await trained.complete({ run: 'trained' });
    await trained.rest();
  });
  beforeEach(async () => {
    bench = new Bench(environment);
    cpSync(trained.folder, bench.folder, { recursive: true, preserveTimestamps: true });
    predictor = new TextPredictor();
    await work();
    table = join(bench.folder, 'new.csv');
    write(texts);
  });
  afterEach(() => bench.dispose());
  afterAll(async () => {
    await trained?.dispose();
    await environment?.teardown();
  });

  const work = (services: Partial<Services> = {}): Promise<void> =>
    // The table that the run was trained with lies where it lay.
    bench.work({ predictor, chunkRows: 4, ...services }, { roots: [bench.folder, trained.folder] });
  const write = (rows: readonly string[], ids = true): void =>
    writeFileSync(
      table,
      ids
        ? `id,text\n${rows.map((text, row) => `n${row},${text}\n`).join('')}`
        : `text\n${rows.map((text) => `${text}\n`).join('')}`,
    );
  const start = (input: Partial<ScoreInput> = {}): Promise<WorkflowHandle> =>
    environment.client.workflow.start('score', {
      workflowId: `${bench.taskQueue}-score-${starts++}`,
      taskQueue: bench.taskQueue,
      args: [{ ensemble: 'trained', table, ...input }],
    });
  const complete = async (input: Partial<ScoreInput> = {}): Promise<ScoreSummary> =>
    (await (await start(input)).result()) as ScoreSummary;
  const scores = ({ directory }: ScoreSummary): string => readFileSync(join(directory, 'scores.csv'), 'utf8');
  const resultOf = ({ directory }: ScoreSummary): ScoreResult =>
    JSON.parse(readFileSync(join(directory, 'result.json'), 'utf8')) as ScoreResult;
  const failureOf = async (handle: WorkflowHandle): Promise<string> => {
    const failure: unknown = await handle.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    return String(((failure as Error).cause as Error | undefined)?.message);
  };

  it('has the rows in order, whatever lies in them, and is told in a result', async () => {
    const summary = await complete({ score: 'mine' });
    expect(summary).toMatchObject({ score: 'mine', rows: 23, chunks: 6, reused: 0 });
    const lines = scores(summary).trimEnd().split('\n');
    expect(lines[0]).toBe('id,joy,fear');
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(texts.map((_, row) => `n${row}`));
    expect(resultOf(summary)).toMatchObject({
      score: 'mine',
      rows: 23,
      ensemble: { run: 'trained', pipeline: 'bench' },
      chunks: { all: 6, reused: 0 },
      drift: { texts: expect.anything() as unknown, labels: { joy: expect.anything() as unknown } },
    });
    expect(readdirSync(summary.directory).toSorted()).toEqual([
      'events.ndjson',
      'result.json',
      'run.json',
      'scores.csv',
    ]);
  });

  it('numbers rows without ids through all chunks, and gives probabilities where they are asked for', async () => {
    write(texts, false);
    const summary = await complete({ options: { probabilities: true } });
    const lines = scores(summary).trimEnd().split('\n');
    expect(lines[0]).toBe('id,p_joy,p_fear');
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(texts.map((_, row) => String(row)));
    const whole = await complete({ options: { probabilities: true } });
    expect(scores(whole)).toBe(scores(summary));
  });

  it('has the bytes that it has in one chunk', async () => {
    const cut = await complete();
    await bench.rest();
    await work({ chunkRows: 1000 });
    const whole = await complete();
    expect([cut.chunks, whole.chunks]).toEqual([6, 1]);
    expect(scores(cut)).toBe(scores(whole));
  });

  it('reuses what was scored before: the same table, a longer one, one that was moved', async () => {
    await complete();
    const scored = predictor.calls.length;
    expect(await complete()).toMatchObject({ reused: 6 });
    expect(predictor.calls).toHaveLength(scored);
    const former = table;
    table = join(bench.folder, 'moved.csv');
    writeFileSync(table, readFileSync(former));
    appendFileSync(table, 'n99,another\nn100,and another\n');
    // The last chunk had 3 rows of 4.
    expect(await complete()).toMatchObject({ rows: 25, chunks: 7, reused: 5 });
  });

  it('reads TSV and JSON lines as it reads CSV', async () => {
    const csv = scores(await complete());
    const rows = texts.map((text) => text.replaceAll('"', ''));
    table = join(bench.folder, 'new.jsonl');
    writeFileSync(table, rows.map((text, row) => `${JSON.stringify({ id: `n${row}`, text })}\n`).join(''));
    expect(scores(await complete())).toBe(csv);
    table = join(bench.folder, 'new.txt');
    writeFileSync(table, `id\ttext\n${texts.map((text, row) => `n${row}\t${text}\n`).join('')}`);
    expect(scores(await complete({ options: { format: 'tsv' } }))).toBe(csv);
  });

  it('scores anew what other thresholds decide, and refuses thresholds of no label', async () => {
    const [own, other] = [await complete(), await complete({ options: { thresholds: { joy: 0.01 } } })];
    expect(other.reused).toBe(0);
    expect(scores(other)).not.toBe(scores(own));
    expect(await failureOf(await start({ options: { thresholds: { jo: 0.5 } } }))).toMatch(
      /options\.thresholds: the ensemble has no such label.*Did you mean "joy"\?/,
    );
  });

  it('reads other columns than the run where it is told to, and says how where they are not there', async () => {
    const own = scores(await complete());
    write(texts);
    writeFileSync(table, readFileSync(table, 'utf8').replace('id,text', 'key,message'));
    expect(await failureOf(await start())).toMatch(/no text column.*options\.columns\.text/);
    const renamed = await complete({ options: { columns: { text: 'message', id: 'key' } } });
    expect(scores(renamed)).toBe(own.replace('id,', 'key,'));
    const text = { text: 'message' };
    expect(await failureOf(await start({ options: { columns: { ...text, id: 'nr' } } }))).toMatch(
      /no id column.*options\.columns\.id/,
    );
    const numbered = await complete({ options: { columns: { ...text, id: null } } });
    expect(scores(numbered).split('\n')[1]).toMatch(/^0,/);
  });

  it('scores in int8 what an export measured in it, and mixes that with no chunk of float32', async () => {
    const exported = exportedFolder(join(bench.folder, 'exported'), { float32: 0.9, int8: 0.899 });
    const float32 = await complete({ ensemble: exported });
    const int8 = await complete({ ensemble: exported, options: { precision: 'int8' } });
    expect([float32.reused, int8.reused]).toEqual([0, 0]);
    expect(new Set(predictor.precisions.slice(0, 6))).toEqual(new Set([undefined]));
    expect(new Set(predictor.precisions.slice(6))).toEqual(new Set(['int8']));
    expect(resultOf(int8).options).toEqual({ precision: 'int8' });
    for (const options of [{}, { precision: 'float32' as const }, { precision: 'int8' as const }])
      expect(await complete({ ensemble: exported, options })).toMatchObject({ reused: 6 });
    const worse = exportedFolder(join(bench.folder, 'worse'), { float32: 0.9, int8: 0.8 });
    for (const [ensemble, why] of [
      [worse, /cannot be run in int8; found macro F1 0\.8000 in place of 0\.9000/],
      ['trained', /cannot be run in int8; found an ensemble of which nobody has measured/],
    ] as const)
      expect(await failureOf(await start({ ensemble, options: { precision: 'int8' } }))).toMatch(why);
  });

  describe('by workers of unlike devices', () => {
    const onCard: Partial<Services> = {
      devices: new DevicePool(['webgpu']),
      engineSignature: (_, device) => `fake engine on ${device}`,
    };

    it('is named after each device that scored a part of it, and no chunk is taken for another’s', async () => {
      expect(resultOf(await complete()).devices).toEqual({ cpu: 6 });
      await bench.rest();
      await work(onCard);
      predictor.devices.length = 0;
      const first = await complete();
      expect([first.reused, resultOf(first).devices]).toEqual([0, { webgpu: 6 }]);
      expect(new Set(predictor.devices)).toEqual(new Set(['webgpu']));
      const again = await complete();
      expect([again.reused, resultOf(again).devices]).toEqual([6, { webgpu: 6 }]);
    });

    it('goes on on another device where its worker is gone, and says so', async () => {
      await bench.rest();
      await work(onCard);
      predictor.msPerCall = 150;
      const handle = await start();
      await expect.poll(() => predictor.calls.length, { interval: 20 }).toBeGreaterThanOrEqual(3);
      await bench.rest();
      predictor.msPerCall = 0;
      await work();
      const { devices = {} } = resultOf((await handle.result()) as ScoreSummary);
      expect(Object.keys(devices).toSorted()).toEqual(['cpu', 'webgpu']);
      expect(devices['cpu']! + devices['webgpu']!).toBe(6);
    });

    it('is refused in int8 where the worker has no processor to score on', async () => {
      const exported = exportedFolder(join(bench.folder, 'exported'), { float32: 0.9, int8: 0.899 });
      await bench.rest();
      await work(onCard);
      const options = { precision: 'int8' as const };
      expect(await failureOf(await start({ ensemble: exported, options }))).toMatch(
        /device webgpu: it has no kernels for products of 8 bits/,
      );
      expect(predictor.calls).toEqual([]);
      await bench.rest();
      await work({ ...onCard, devices: new DevicePool(['webgpu', 'cpu']) });
      expect(resultOf(await complete({ ensemble: exported, options })).devices).toEqual({ cpu: 6 });
    });
  });

  it('ends with the same bytes however often its worker is shut down', async () => {
    const undisturbed = scores(await complete());
    rmSync(join(bench.folder, '.foldwise', 'keys'), { recursive: true });
    predictor.msPerCall = 60;
    const handle = await start();
    for (let times = 0; times < 4; times++) {
      await delay(300);
      await bench.rest();
      await work();
    }
    predictor.msPerCall = 0;
    expect(scores((await handle.result()) as ScoreSummary)).toBe(undisturbed);
  }, 60_000);

  it('goes on after a cancellation with what was scored', async () => {
    predictor.msPerCall = 100;
    const handle = await start();
    await progressWhen(handle, ({ chunks }) => chunks.done >= 2);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    predictor.msPerCall = 0;
    const { reused } = await complete();
    expect(reused).toBeGreaterThanOrEqual(2);
  });

  it('notices that the table changes underneath, and says so', async () => {
    predictor.msPerCall = 150;
    const handle = await start();
    await progressWhen(handle, ({ chunks }) => chunks.done >= 1);
    writeFileSync(table, readFileSync(table, 'utf8').replaceAll('of', 'on'));
    expect(await failureOf(handle)).toMatch(/new\.csv: the table has changed since its scoring began/);
  });

  it('makes again what is lost of the store', async () => {
    const first = await complete();
    rmSync(join(bench.folder, '.foldwise', 'store', 'sha256'), { recursive: true });
    const again = await complete();
    expect(again.reused).toBe(0);
    expect(scores(again)).toBe(scores(first));
  });

  it('takes no name that another has, nor one that is a path', async () => {
    const first = await complete({ score: 'taken' });
    const before = scores(first);
    expect(await failureOf(await start({ score: 'taken' }))).toMatch(/there is another run of that name/);
    expect(scores(first)).toBe(before);
    for (const score of ['../x', '', 'a/b'])
      expect(await failureOf(await start({ score }))).toMatch(/does not have the form/);
  });

  it('reads nothing outside the roots, and no folder without an ensemble', async () => {
    const outside = '/etc/hostname';
    await bench.rest();
    await work({ roots: [bench.folder] });
    expect(await failureOf(await start({ table: outside }))).toMatch(/table: this worker may not read there/);
    expect(await failureOf(await start({ ensemble: '/etc' }))).toMatch(/ensemble: this worker may not read/);
    expect(await failureOf(await start({ ensemble: bench.folder }))).toMatch(/there is no ensemble/);
    expect(await failureOf(await start({ ensemble: 'nobody' }))).toMatch(/there is no ensemble/);
    expect(existsSync(join(bench.folder, 'scores'))).toBe(false);
  });

  it('is refused with another field, as every argument is', async () => {
    const handle = await start({ extra: 1 } as Partial<ScoreInput>);
    expect(await failureOf(handle)).toMatch(/input of the workflow score.*no field of another name/);
  });
});

/** A folder that says of itself what an export with int8 says; its one model is none. */
function exportedFolder(folder: string, macroF1: { float32: number; int8: number }): string {
  const model = 'members/1';
  mkdirSync(join(folder, model), { recursive: true });
  const files = Object.fromEntries(
    ['config.json', 'model.safetensors'].map((name) => {
      writeFileSync(join(folder, model, name), '{}');
      return [`${model}/${name}`, { bytes: 2, sha256: '0'.repeat(64) }];
    }),
  );
  const ensemble: Parameters<typeof manifestOf>[0] = {
    run: 'trained',
    pipeline: 'bench',
    columns: { text: ['text'] },
    definition: {
      task: 'multi-label',
      labels,
      thresholds: labels.map(() => 0.5),
      members: [{ weight: 1, models: [{ folder: model, maxLength: 8 }] }],
    },
    int8: { macroF1, maxLoss: 0.005, rows: 30, change: { mean: 0.001, largest: 0.01 }, models: [] },
  };
  writeFileSync(join(folder, manifestName), manifestOf(ensemble, files, '0.0.0'));
  return folder;
}

async function progressWhen(
  handle: WorkflowHandle,
  holds: (progress: ScoringProgress) => boolean,
): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (holds(await handle.query<ScoringProgress>('progress'))) return;
    await delay(25);
  }
  throw new Error(`it never came to that: ${JSON.stringify(await handle.query('progress'))}`);
}
