import { readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportedFolderSchema } from '../../cli/facts/export.js';
import { facts } from '../../cli/facts/index.js';
import { readExportedEnsemble } from '../../ensemble/exported-ensemble.js';
import { SmallRun } from '../setup/small-run.js';
import { canRun, withoutRuns, type Ended } from './built-command-line.js';

const model = 'onnx/model_fp16.onnx';

describe.skipIf(!canRun)(`foldwise export --float16${withoutRuns}`, { timeout: 180_000 }, () => {
  let trained: SmallRun;
  let run: string;
  const on = (...args: string[]): Promise<Ended> => trained.on(...args);
  const place = (name: string): string => trained.place(name);

  beforeAll(async () => {
    trained = await SmallRun.train();
    run = trained.id;
  });
  afterAll(() => trained?.remove());

  it('writes the models beside, and tells what that changes on held-out rows', async () => {
    const folder = place('good');
    const { code, out, err } = await on('export', run, folder, '--float16');
    expect([code, out]).toEqual([0, expect.stringMatching(/2 models\n$/)]);
    const said =
      /macro F1 (\d\.\d{4}) in place of \1; probabilities change by [\d.e-]*[1-9][\d.e-]* on average/;
    expect(err).toMatch(new RegExp(`float16, on 40 held-out rows: ${said.source}`));
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(said);
    const { float16 } = await readExportedEnsemble(folder);
    const result = JSON.parse(readFileSync(trained.file('result.json'), 'utf8')) as {
      macroF1: { tuned: number };
    };
    expect(float16!.macroF1.float32).toBeCloseTo(result.macroF1.tuned, 12);
    expect(float16!.rows).toBe(40);
    expect(float16!.change.largest).toBeGreaterThan(1e-7);
    expect(float16!.change.largest).toBeLessThan(2e-3);
    expect(float16!.change.mean).toBeLessThanOrEqual(float16!.change.largest);
    for (const fold of ['1', '2']) {
      const member = join(folder, 'members', fold);
      const weights = statSync(join(member, 'model.safetensors')).size;
      expect(statSync(join(member, `${model}_data`)).size).toBeLessThan(weights * 0.52);
      const config = JSON.parse(readFileSync(join(member, 'config.json'), 'utf8')) as Record<string, unknown>;
      expect(config['transformers.js_config']).toEqual({
        dtype: 'fp32',
        use_external_data_format: { 'model.onnx': true, 'model_fp16.onnx': true },
      });
    }
    expect((await on('export', '--verify', folder)).code).toBe(0);
  });

  it('writes the same bytes again', async () => {
    const folder = place('again');
    expect((await on('export', run, folder, '--float16')).code).toBe(0);
    for (const name of ['ensemble.json', 'README.md', `members/1/${model}`, `members/1/${model}_data`])
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(place('good'), name))), name).toBe(
        true,
      );
  });

  it('writes them where the rows cannot be had any more, and says that nothing was measured', async () => {
    const train = place('train.csv');
    renameSync(train, `${train}.away`);
    try {
      const { code, out, err } = await on('export', run, place('gone'), '--float16', '--json');
      expect([code, err]).toEqual([0, expect.not.stringMatching(/^error/m)]);
      const printed = exportedFolderSchema.parse(JSON.parse(out));
      expect(facts['export']!.parse(JSON.parse(out))).toEqual(printed);
      expect(printed.float16).toMatchObject({ macroF1: null, change: null });
      expect(printed.float16!.unmeasured).toMatch(/train\.csv/);
    } finally {
      renameSync(`${train}.away`, train);
    }
    expect(readFileSync(join(place('gone'), 'README.md'), 'utf8')).toMatch(/float16 .*not be measured/);
    expect((await readExportedEnsemble(place('gone'))).float16).toBeUndefined();
    expect(statSync(join(place('gone'), 'members/1', model)).size).toBeGreaterThan(0);
  });

  it('writes none of it without being asked', async () => {
    expect((await on('export', run, place('plain'))).code).toBe(0);
    expect(readdirSync(join(place('plain'), 'members/1/onnx'))).toEqual(['model.onnx', 'model.onnx_data']);
  });
});
