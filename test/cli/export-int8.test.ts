import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.js';
import { facts } from '../../cli/facts/index.js';
import { exportedFolderSchema } from '../../cli/facts/export.js';
import { Ensemble } from '../../ensemble/ensemble.js';
import { readExportedEnsemble } from '../../ensemble/exported-ensemble.js';
import { inInt8 } from '../../ensemble/in-int8.js';
import { SmallRun } from '../setup/small-run.js';
import { canRun, withoutRuns, type Ended } from './built-command-line.js';

const quantized = 'onnx/model_quantized.onnx';

describe.skipIf(!canRun)(`foldwise export --int8${withoutRuns}`, { timeout: 180_000 }, () => {
  let trained: SmallRun;
  let run: string;
  const on = (...args: string[]): Promise<Ended> => trained.on(...args);
  const place = (name: string): string => trained.place(name);

  beforeAll(async () => {
    trained = await SmallRun.train('calibration=platt');
    run = trained.id;
  });
  afterAll(() => trained?.remove());

  it('measures what is lost on held-out rows, tells it, and hands the models over', async () => {
    const folder = place('good');
    const { code, out, err } = await on('export', run, folder, '--int8');
    expect([code, out]).toEqual([0, expect.stringMatching(/2 models\n$/)]);
    expect(err).toMatch(
      /macro F1 of 40 held-out rows +float32 +int8 +change\nmembers\/1 .*\nmembers\/2 .*\nthe ensemble +\d/,
    );
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(
      /[Ii]n int8, on the rows that the folds held out, macro F1 0\.\d{4}/,
    );
    const { int8 } = await readExportedEnsemble(folder);
    const result = JSON.parse(readFileSync(trained.file('result.json'), 'utf8')) as {
      macroF1: { tuned: number };
    };
    // The same rows by the same thresholds: the run's own score of them.
    expect(int8!.macroF1.float32).toBeCloseTo(result.macroF1.tuned, 12);
    expect(int8!.rows).toBe(40);
    expect(int8!.change.largest).toBeGreaterThan(0);
    expect(int8!.change.largest).toBeLessThan(0.02);
    for (const fold of ['1', '2']) {
      const model = join(folder, 'members', fold);
      expect(existsSync(join(model, quantized))).toBe(true);
      const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as Record<string, unknown>;
      expect(config['transformers.js_config']).toEqual({
        dtype: 'fp32',
        use_external_data_format: { 'model.onnx': true },
      });
    }
    expect((await on('export', '--verify', folder)).code).toBe(0);
  });

  it('writes the same bytes again', async () => {
    const folder = place('again');
    expect((await on('export', run, folder, '--int8')).code).toBe(0);
    for (const name of ['ensemble.json', `members/1/${quantized}`])
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(place('good'), name))), name).toBe(
        true,
      );
  });

  it('gives an ensemble that answers in int8 nearly as in float32', async () => {
    const stored = await readExportedEnsemble(place('good'));
    const texts = ['glad calm', 'grey dread', '', 'glad dread '.repeat(40)];
    const [float32, int8] = await Promise.all(
      [stored.definition, inInt8(stored, 'here')].map(async (definition) => {
        const ensemble = await Ensemble.open(definition, { threads: 1 });
        const { probabilities } = await ensemble.score(texts);
        await ensemble.release();
        return probabilities;
      }),
    );
    const changes = float32!.map((value, i) => Math.abs(value - int8![i]!));
    expect(Math.max(...changes)).toBeGreaterThan(0);
    expect(Math.max(...changes)).toBeLessThan(0.02);
  });

  it('is scored in int8 by predict and by score alike, and nowhere where that was not measured', async () => {
    const table = place('test.csv');
    const predicted = async (...args: string[]): Promise<string> => {
      const { code, out } = await on('predict', ...args, '--probabilities', '--output', '-');
      expect(code).toBe(0);
      return out;
    };
    const int8 = await predicted(place('good'), table, '--int8');
    const float32 = await predicted(place('good'), table);
    const [found, expected] = [int8, float32].map((csv) => csv.match(/0\.\d+/g)!.map(Number));
    const changes = expected!.map((value, i) => Math.abs(value - found![i]!));
    expect(Math.max(...changes)).toBeGreaterThan(1e-6);
    expect(Math.max(...changes)).toBeLessThan(0.02);

    const asked = ['--probabilities', '--int8', '--name', 'in-int8', '--json'];
    const scored = await on('score', place('good'), table, ...asked);
    expect([scored.code, scored.err]).toEqual([0, expect.not.stringMatching(/^error/m)]);
    const { directory } = facts['score']!.parse(JSON.parse(scored.out)) as { directory: string };
    expect(readFileSync(join(directory, 'scores.csv'), 'utf8')).toBe(int8);
    expect(JSON.parse(readFileSync(join(directory, 'result.json'), 'utf8'))).toMatchObject({
      options: { probabilities: true, precision: 'int8' },
    });

    for (const command of ['predict', 'score']) {
      const { code, err } = await on(command, run, table, '--int8');
      expect([code, err]).toEqual([1, expect.stringMatching(/cannot be run in int8.*nobody has measured/)]);
    }
  });

  it('leaves out of the folder what loses too much, and says so', async () => {
    // The rows were predicted by other weights than these: in 8 bits they say the opposite.
    const other = place('spoilt-run');
    await cp(trained.directory, other, { recursive: true });
    for (const fold of ['1', '2']) negateHead(join(other, `models/${fold}/model.safetensors`));
    const folder = place('refused');
    const { code, out, err } = await on('export', other, folder, '--int8', '--max-loss', '0.01', '--json');
    expect([code, err]).toEqual([
      exitCodes.partly,
      expect.stringMatching(
        /^error: int8 was left out of the folder, as it loses too much: macro F1 0\.\d{4} in place of .*0\.01 may be lost/m,
      ),
    ]);
    const printed = exportedFolderSchema.parse(JSON.parse(out));
    expect(facts['export']!.parse(JSON.parse(out))).toEqual(printed);
    expect(printed.int8).toMatchObject({ included: false, unmeasured: null, maxLoss: 0.01, rows: 40 });
    expect(existsSync(join(folder, 'members/1/model.safetensors'))).toBe(true);
    expect(existsSync(join(folder, 'members/1', quantized))).toBe(false);
    const stored = await readExportedEnsemble(folder);
    expect(() => inInt8(stored, folder)).toThrow(/cannot be run in int8.*macro F1.*may be lost/);
    expect((await on('export', '--verify', folder)).code).toBe(0);
  });

  it('leaves it out where the rows cannot be had any more', async () => {
    const train = place('train.csv');
    const rows = readFileSync(train, 'utf8');
    try {
      writeFileSync(train, rows.replace('glad', 'sad'));
      const changed = await on('export', run, place('changed'), '--int8');
      expect([changed.code, changed.err]).toEqual([
        exitCodes.partly,
        expect.stringMatching(
          /could not be measured: .*train\.csv: these are not the rows that the run was trained on/,
        ),
      ]);
      renameSync(train, `${train}.away`);
      const gone = await on('export', run, place('gone'), '--int8');
      expect([gone.code, gone.err]).toEqual([
        exitCodes.partly,
        expect.stringMatching(/could not be measured/),
      ]);
    } finally {
      writeFileSync(train, rows);
    }
    const stored = await readExportedEnsemble(place('gone'));
    expect(stored.int8).toBeUndefined();
    expect(() => inInt8(stored, 'gone')).toThrow(/nobody has measured.*--int8/);
  });

  it('measures nothing without being asked', async () => {
    const refused = await on('export', run, place('never'), '--max-loss', '0.1');
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringMatching(/nothing is measured without --int8/),
    ]);
    expect((await on('export', run, place('never'), '--int8', '--max-loss', '-1')).code).toBe(2);
    expect(existsSync(place('never'))).toBe(false);
    expect(statSync(place('good')).isDirectory()).toBe(true);
  });
});

/** The weights and biases of the classifier, negated in place. */
function negateHead(path: string): void {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  for (const name of ['classifier.weight', 'classifier.bias']) {
    const [from, to] = header[name]!.data_offsets;
    for (let at = start + from; at < start + to; at += 4) bytes.writeFloatLE(-bytes.readFloatLE(at), at);
  }
  // Another file: the run's own has other names.
  rmSync(path);
  writeFileSync(path, bytes);
}
