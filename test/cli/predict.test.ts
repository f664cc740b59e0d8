import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facts } from '../../cli/facts/index.js';
import { SmallRun } from '../setup/small-run.js';
import { canRun, ended, foldwise, withoutRuns, type Ended } from './built-command-line.js';
import { privateWords, type SmallProject } from './small-project.js';

describe.skipIf(!canRun)(`foldwise predict${withoutRuns}`, { timeout: 180_000 }, () => {
  let trained: SmallRun;
  let project: SmallProject;
  let run: string;
  const inRun = (name: string): string => trained.file(name);
  const read = (path: string): string => readFileSync(path, 'utf8');
  const predict = (...args: string[]): Promise<Ended> => trained.on('predict', run, ...args);

  beforeAll(async () => {
    trained = await SmallRun.shared();
    ({ project, id: run } = trained);
  });
  afterAll(() => trained?.remove());

  it('writes what the run itself wrote of the same rows, labels and probabilities', async () => {
    const rows = ['submission.csv', 'predictions.csv'];
    expect(read(inRun('predictions.csv'))).toMatch(/^id,p_joy,p_fear\na,0\.\d+,0\.\d+\nb,0\.\d+,0\.\d+\n$/);
    for (const [name, option] of [
      [rows[0]!, []],
      [rows[1]!, ['--probabilities']],
    ] as const) {
      const target = join(project.folder, `predicted-${name}`);
      const { code, out, err } = await predict(
        join(project.folder, 'test.csv'),
        '--output',
        target,
        ...option,
      );
      expect([code, out]).toEqual([0, `${target}: 2 rows, by 2 models\n`]);
      expect(err).toBe('');
      expect(read(target)).toBe(read(inRun(name)));
    }
  });

  it('mixes the members of an ensemble as its run did, and draws its report as it was', async () => {
    const matrix = ['--set', 'steps.fold.matrix.training.seed=[1, 2]', '--set', 'ensemble.method=greedy'];
    const set = ['--set', 'training.epochs=2', '--set', 'name=several', ...matrix];
    const ran = await foldwise(['run', project.pipeline, '--workdir', project.workdir, ...set]);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('The ensemble gains in cross-fitted macro F1: ');
    const several = readdirSync(join(project.workdir, 'runs')).find((name) => name.startsWith('several'))!;
    const ofRun = (name: string): string => read(join(project.workdir, 'runs', several, name));
    const { ensemble } = JSON.parse(ofRun('result.json')) as {
      ensemble: { weights: Record<string, number> };
    };
    const weighed = Object.values(ensemble.weights).filter((weight) => weight > 0).length;
    const target = join(project.folder, 'several.csv');
    const { code, out } = await foldwise([
      'predict',
      several,
      join(project.folder, 'test.csv'),
      '--probabilities',
      '--output',
      target,
      '--workdir',
      project.workdir,
    ]);
    expect([code, out]).toEqual([0, `${target}: 2 rows, by ${2 * weighed} models\n`]);
    expect(read(target)).toBe(ofRun('predictions.csv'));
    const page = join(project.folder, 'several.html');
    await foldwise(['report', several, '--output', page, '--workdir', project.workdir]);
    expect(read(page)).toBe(ofRun('report.html'));
  });

  it('decides by other thresholds where it is told some, and refuses those that say nothing', async () => {
    const csv = join(project.folder, 'test.csv');
    const decided = async (...args: string[]) => (await predict(csv, '--output', '-', ...args)).out;
    expect(await decided('--threshold', '0', '--threshold', 'fear=1')).toBe('id,joy,fear\na,1,0\nb,1,0\n');
    const own = (JSON.parse(read(inRun('result.json'))) as { thresholds: Record<string, number> }).thresholds;
    const same = Object.entries(own).flatMap(([label, value]) => ['--threshold', `${label}=${value}`]);
    expect(await decided(...same)).toBe(read(inRun('submission.csv')));
    for (const [args, message] of [
      [['--threshold', 'jooy=0.3'], /no such label.*Did you mean "joy"/],
      [['--threshold', '2'], /from 0 to 1/],
      [['--threshold', '0.3', '--probabilities'], /probabilities are written as they are/],
    ] as const) {
      const { code, err } = await predict(csv, '--output', '-', ...args);
      expect([code === 0, err]).toEqual([false, expect.stringMatching(message)]);
    }
  });

  it.each(['platt', 'isotonic'])(
    'calibrates (%s) as its run did, and draws its report as it was',
    async (method) => {
      const set = ['training.epochs=2', `calibration=${method}`, 'thresholds={ objective: { fBeta: 2 } }'];
      const named = ['--set', `name=${method}`, ...set.flatMap((each) => ['--set', each])];
      const ran = await foldwise(['run', project.pipeline, '--workdir', project.workdir, ...named]);
      expect([ran.code, ran.err]).toEqual([0, expect.not.stringMatching(/^error/m)]);
      expect(ran.out).toMatch(
        /Probabilities are calibrated by .*Cross-fitted, that takes the Brier score from 0\.\d+ to/,
      );
      const name = readdirSync(join(project.workdir, 'runs')).find((each) => each.startsWith(method))!;
      const ofRun = (file: string): string => read(join(project.workdir, 'runs', name, file));
      // Out of fold they stay as the models give them, and so they are in the run before, which trained the same.
      expect(ofRun('oof.csv')).toBe(read(inRun('oof.csv')));
      expect(ofRun('predictions.csv')).not.toBe(read(inRun('predictions.csv')));
      for (const [file, option] of [
        ['submission.csv', []],
        ['predictions.csv', ['--probabilities']],
      ] as const) {
        const target = join(project.folder, `${method}-${file}`);
        const csv = join(project.folder, 'test.csv');
        await foldwise(['predict', name, csv, '--output', target, '--workdir', project.workdir, ...option]);
        expect(read(target)).toBe(ofRun(file));
      }
      const page = join(project.folder, `${method}.html`);
      await foldwise(['report', name, '--output', page, '--workdir', project.workdir]);
      expect(read(page)).toBe(ofRun('report.html'));
      const compared = await foldwise(['compare', run, name, '--workdir', project.workdir]);
      expect([compared.code, compared.err]).toEqual([0, '']);
    },
  );

  it('reads standard input and writes standard output, where - says so', async () => {
    const script = `${process.execPath} dist/cli/main.js predict ${run} - --probabilities --output - --workdir ${project.workdir} < ${join(project.folder, 'test.csv')}`;
    const { code, out, err } = await ended('sh', ['-c', script]);
    expect([code, out]).toEqual([0, read(inRun('predictions.csv'))]);
    expect(err).toContain('2 rows, by 2 models');
    expect(readdirSync(join(project.workdir, '.foldwise', 'scratch'))).toEqual([]);
  });

  it('reads and writes JSON lines, reads TSV, and numbers rows without ids as a run does', async () => {
    const jsonl = project.write(
      'texts.jsonl',
      `{"id":1.50,"text":"glad calm ${privateWords}"}\n{"text":"grey dread ${privateWords}","id":"b"}\n`,
    );
    const [, first, second] = read(inRun('predictions.csv')).split('\n');
    const { code, out } = await predict(
      jsonl,
      '--probabilities',
      '--output',
      '-',
      '--output-format',
      'jsonl',
    );
    expect(code).toBe(0);
    const said = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: unknown; probabilities: Record<string, number> });
    expect(out).toMatch(/^\{"id":1\.50,"labels":\[/);
    expect(said.map(({ id }) => id)).toEqual([1.5, 'b']);
    expect(said.map(({ probabilities: { joy, fear } }) => `${joy},${fear}`)).toEqual(
      [first, second].map((line) => line!.slice(2)),
    );
    const tsv = project.write('texts.tsv', `text\nglad calm ${privateWords}\ngrey dread ${privateWords}\n`);
    expect((await predict(tsv, '--probabilities', '--output', '-')).out).toBe(
      `id,p_joy,p_fear\n0${first!.slice(1)}\n1${second!.slice(1)}\n`,
    );
  });

  it('says what became of standard output where nobody reads it, or its disk is full', async () => {
    const csv = join(project.folder, 'test.csv');
    const command = `${process.execPath} dist/cli/main.js predict ${run} ${csv} --output - --workdir ${project.workdir}`;
    const closed = await ended('bash', ['-c', `${command} | true; exit \${PIPESTATUS[0]}`]);
    expect([[0, 141], closed.err]).toEqual([
      expect.arrayContaining([closed.code]),
      expect.not.stringContaining('error'),
    ]);
    if (!existsSync('/dev/full')) return;
    const full = await ended('bash', ['-c', `${command} > /dev/full`]);
    expect([full.code, full.err]).toEqual([
      1,
      expect.stringMatching(/error: standard output: .*failed; found ENOSPC/),
    ]);
    expect(full.err).not.toContain('    at ');
  });

  it('prints facts as JSON, and not into the table', async () => {
    const target = join(project.folder, 'for-a-program.csv');
    const csv = join(project.folder, 'test.csv');
    const { out } = await predict(csv, '--output', target, '--probabilities', '--json');
    const printed: unknown = JSON.parse(out);
    expect(facts['predict']!.parse(printed)).toEqual({
      run,
      output: target,
      kind: 'predictions',
      format: 'csv',
      resumed: 0,
      rows: 2,
      models: 2,
      device: 'cpu',
      warnings: [],
    });
    expect((await predict(csv, '--output', '-', '--json')).err).toMatch(/^error: standard output: .*--json/);
  });

  it('overwrites nothing but with --force', async () => {
    const target = project.write('kept.csv', 'mine\n');
    const csv = join(project.folder, 'test.csv');
    const { code, err } = await predict(csv, '--output', target);
    expect([code, read(target)]).toEqual([1, 'mine\n']);
    expect(err).toMatch(/^error: .*kept\.csv: there is a file of this name already\. .*--force/);
    expect((await predict(csv, '--output', target, '--force')).code).toBe(0);
    expect(read(target)).toBe(read(inRun('submission.csv')));
  });

  const refused: [claim: string, table: string, message: RegExp][] = [
    ['without rows', 'id,text\n', /no rows/],
    ['with an id twice', `id,text\na,x\na,${privateWords}\n`, /the same as in row 1/],
    ['without the text column', 'id,joy\na,1\n', /no text column/],
  ];
  it.each(refused)('refuses a table %s, as a run does', async (_, table, message) => {
    const target = join(project.folder, 'never.csv');
    const script = `${process.execPath} dist/cli/main.js predict ${run} - --output ${target} --workdir ${project.workdir}`;
    const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stdin.end(table);
    expect(await closed).toBe(1);
    expect(err).toMatch(/^error: standard input/m);
    expect(err).toMatch(message);
    expect(err).not.toContain(privateWords);
    expect(readdirSync(project.folder)).not.toContain('never.csv');
  });

  it('says what is wrong with a result that lacks a threshold, and decides nothing by 0.5', async () => {
    const path = inRun('result.json');
    const whole = read(path);
    const result = JSON.parse(whole) as { thresholds: Record<string, number> };
    delete result.thresholds['joy'];
    try {
      rmSync(path);
      writeFileSync(path, JSON.stringify(result));
      const { code, err } = await predict(join(project.folder, 'test.csv'), '--output', '-');
      expect(code).toBe(1);
      expect(err).toMatch(
        /result\.json: this is not the result of a run; found thresholds: nothing of the label joy/,
      );
    } finally {
      writeFileSync(path, whole);
    }
  });
});
