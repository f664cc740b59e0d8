import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facts } from '../../cli/facts/index.js';
import { canRun, foldwise, withoutRuns, type Ended } from './built-command-line.js';
import { SmallProject } from './small-project.js';

describe.skipIf(!canRun)(`foldwise export${withoutRuns}`, { timeout: 600_000 }, () => {
  let project: SmallProject;
  let run: string;
  let folder: string;
  const inRun = (name: string): string => join(project.workdir, 'runs', run, name);
  const read = (path: string): string => readFileSync(path, 'utf8');
  const on = (...args: string[]): Promise<Ended> => foldwise([...args, '--workdir', project.workdir]);

  beforeAll(async () => {
    project = new SmallProject();
    const set = ['training.epochs=2', 'calibration=platt'].flatMap((each) => ['--set', each]);
    const { code, err } = await on('run', project.pipeline, ...set);
    expect([code, err]).toEqual([0, expect.not.stringMatching(/^error/m)]);
    run = readdirSync(join(project.workdir, 'runs'))[0]!;
    folder = join(project.folder, 'exported');
    const exported = await on('export', run, folder);
    expect([exported.code, exported.out]).toEqual([
      0,
      expect.stringMatching(/exported: \d+ files, 2 models\n$/),
    ]);
  }, 600_000);
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it('labels texts as the run does, also copied elsewhere and without the run', async () => {
    const copy = join(project.folder, 'copy');
    await cp(folder, copy, { recursive: true });
    for (const [place, name, option] of [
      [folder, 'submission.csv', []],
      [copy, 'predictions.csv', ['--probabilities']],
    ] as const) {
      const target = join(project.folder, `exported-${name}`);
      const csv = join(project.folder, 'test.csv');
      const { code, err } = await on('predict', place, csv, '--output', target, ...option);
      expect([code, err]).toEqual([0, expect.not.stringMatching(/^error/m)]);
      expect(read(target)).toBe(read(inRun(name)));
    }
    const { code, out } = await on('export', '--verify', copy);
    expect([code, out]).toEqual([0, expect.stringMatching(/files are those that were exported\n$/)]);
  });

  it('has the models as they were trained, under second names, with thresholds and calibration beside', () => {
    const result = JSON.parse(read(inRun('result.json'))) as {
      thresholds: object;
      calibration: { calibrators: object };
    };
    for (const fold of ['1', '2']) {
      const [source, target] = [inRun(`models/${fold}`), join(folder, 'members', fold)];
      for (const name of ['model.safetensors', 'onnx/model.onnx', 'onnx/model.onnx_data', 'tokenizer.json'])
        expect(statSync(join(target, name)).ino, name).toBe(statSync(join(source, name)).ino);
      const config = JSON.parse(read(join(source, 'config.json'))) as object;
      expect(JSON.parse(read(join(target, 'config.json')))).toEqual({
        ...config,
        foldwise: { thresholds: result.thresholds, calibrators: result.calibration.calibrators },
      });
    }
  });

  it('replaces an earlier export where it is told so, and nothing else ever', async () => {
    const place = join(project.folder, 'again');
    const other = project.write('mine/notes.txt', 'mine');
    const refused = await on('export', run, join(project.folder, 'mine'), '--force');
    expect([refused.code, read(other)]).toEqual([1, 'mine']);
    expect(refused.err).toMatch(/^error: .*mine: there is something else in this folder/);
    mkdirSync(place);
    expect((await on('export', run, place)).code).toBe(0);
    const before = statSync(join(place, 'ensemble.json')).ino;
    const twice = await on('export', run, place);
    expect([twice.code, twice.err]).toEqual([1, expect.stringMatching(/already.*--force/)]);
    expect((await on('export', run, place, '--force')).code).toBe(0);
    expect(statSync(join(place, 'ensemble.json')).ino).not.toBe(before);
    expect(read(join(place, 'ensemble.json'))).toBe(read(join(folder, 'ensemble.json')));
    expect((await on('export', run, other)).err).toMatch(/no folder can be written there; found a file/);
    expect(readdirSync(project.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('leaves nothing where a model is gone or a folder is not named', async () => {
    const place = join(project.folder, 'never');
    const copied = join(project.folder, 'copied-run');
    await cp(join(project.workdir, 'runs', run), copied, { recursive: true });
    rmSync(join(copied, 'models/2'), { recursive: true });
    const { code, err } = await on('export', copied, place);
    expect([code, err]).toEqual([1, expect.stringMatching(/a model of the run is not there any more/)]);
    expect(existsSync(place)).toBe(false);
    expect((await on('export', run)).err).toMatch(/no folder is named.*foldwise tensorboard/);
  });

  it('says which file is another than was exported', async () => {
    const copy = join(project.folder, 'damaged');
    await cp(folder, copy, { recursive: true });
    const path = join(copy, 'members/2/model.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    const { code, err } = await on('export', '--verify', copy);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^error: .*members.2.model\.safetensors: the file/),
    ]);
  });

  it('prints facts as JSON', async () => {
    const place = join(project.folder, 'for-a-program');
    const printed: unknown = JSON.parse((await on('export', run, place, '--json')).out);
    expect(facts['export']!.parse(printed)).toEqual(printed);
    expect(printed).toMatchObject({ output: place, run, models: ['members/1', 'members/2'] });
    const verified: unknown = JSON.parse((await on('export', '--verify', place, '--json')).out);
    expect(verified).toEqual(printed);
  });
});
