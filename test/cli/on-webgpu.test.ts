import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facts } from '../../cli/facts/index.js';
import { EnvironmentFault, loadEnsemble } from '../../library/index.js';
import { SmallRun } from '../setup/small-run.js';
import { noWebGpu, withoutWebGpu } from '../setup/webgpu.js';
import { canRun, withoutRuns, type Ended } from './built-command-line.js';

/** Of a probability: what is left is the order of sums. */
const TOLERANCE = 1e-6;

const onCard = ['--device', 'webgpu'];

/** Ids and numbers of a table, without its header. */
function rowsOf(csv: string): [id: string, ...values: number[]][] {
  const lines = csv.trim().split('\n').slice(1);
  return lines.map((line) => {
    const [id = '', ...values] = line.split(',');
    return [id, ...values.map(Number)];
  });
}

function expectNear(found: string, expected: string): void {
  const [rows, others] = [rowsOf(found), rowsOf(expected)];
  expect(rows.map(([id]) => id)).toEqual(others.map(([id]) => id));
  rows.forEach(([, ...values], row) =>
    values.forEach((value, place) =>
      expect(Math.abs(value - Number(others[row]![place + 1]))).toBeLessThan(TOLERANCE),
    ),
  );
}

describe.skipIf(!canRun || noWebGpu)(
  `scoring on WebGPU${withoutRuns}${withoutWebGpu}`,
  { timeout: 300_000 },
  () => {
    let trained: SmallRun;
    const read = (path: string): string => readFileSync(path, 'utf8');
    const test = (): string => join(trained.project.folder, 'test.csv');
    const predict = (...args: string[]): Promise<Ended> => trained.on('predict', trained.id, ...args);

    beforeAll(async () => {
      trained = await SmallRun.shared();
    });
    afterAll(() => trained?.remove());

    it('`predict` gives the probabilities of the processor, the same labels, and the same bytes again', async () => {
      const [first, second, labels] = ['1.csv', '2.csv', 'labels.csv'].map((name) => trained.place(name));
      const ran = await predict(test(), ...onCard, '--probabilities', '--output', first!, '--json');
      expect([ran.code, ran.err]).toEqual([0, expect.not.stringMatching(/error/) as string]);
      expect(facts['predict']!.parse(JSON.parse(ran.out))).toMatchObject({ rows: 2, device: 'webgpu' });
      expectNear(read(first!), read(trained.file('predictions.csv')));
      expect((await predict(test(), ...onCard, '--probabilities', '--output', second!)).code).toBe(0);
      expect(read(second!)).toBe(read(first!));
      const { code, out } = await predict(test(), ...onCard, '--output', labels!);
      expect([code, out]).toEqual([0, expect.stringMatching(/2 rows, by 2 models on webgpu \(.+\)\n$/)]);
      expect(read(labels!)).toBe(read(trained.file('submission.csv')));
    });

    it('`predict` that is killed goes on to the same bytes', async () => {
      const rows = Array.from(
        { length: 120 },
        (_, row) => `r${row},${'glad grey calm dread '.repeat(1 + (row % 4))}\n`,
      );
      const table = trained.project.write('many.csv', `id,text\n${rows.join('')}`);
      const script = join(import.meta.dirname, 'predict', 'on-webgpu-child.mjs');
      const [whole, cut] = [trained.place('whole.csv'), trained.place('cut.csv')];
      /** @param most rows that are done when it is killed @returns whether it came to its end */
      const run = (target: string, most = Infinity): Promise<boolean> =>
        new Promise((resolve, reject) => {
          const args = [script, trained.directory, trained.project.workdir, table, target];
          const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
          let err = '';
          child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
          child.stdout.setEncoding('utf8').on('data', (text: string) => {
            if (text.split('\n').some((rows) => Number(rows) >= most)) child.kill('SIGKILL');
          });
          child.once('error', reject);
          child.once('close', (code, signal) => {
            if (code === 0 || signal === 'SIGKILL') resolve(code === 0);
            else reject(new Error(err));
          });
        });
      expect(await run(whole)).toBe(true);
      // Behind the first of three groups.
      expect(await run(cut, 41)).toBe(false);
      const progress = JSON.parse(read(`${cut}.progress`)) as { rows: number };
      expect([progress.rows === 40 || progress.rows === 80, existsSync(cut)]).toEqual([true, false]);
      expect(await run(cut)).toBe(true);
      expect(read(cut)).toBe(read(whole));
      expect(existsSync(`${cut}.progress`)).toBe(false);
    });

    it('`score` has the bytes of `predict`, and its result names the device', async () => {
      const [name, predicted] = ['on-webgpu', trained.place('predicted.csv')];
      const table = trained.project.write('new.csv', read(test()));
      const args = [trained.id, table, ...onCard];
      const { code, out, err } = await trained.on('score', ...args, '--name', name, '--json');
      expect([code, err]).toEqual([0, expect.not.stringMatching(/error/) as string]);
      expect(facts['score']!.parse(JSON.parse(out))).toMatchObject({
        state: 'completed',
        devices: { webgpu: 1 },
      });
      expect((await trained.on('predict', ...args, '--output', predicted)).code).toBe(0);
      expect(read(join(trained.project.workdir, 'scores', name, 'scores.csv'))).toBe(read(predicted));
    });

    it('`serve` answers with the probabilities of the processor, and says where it computes', async () => {
      const args = ['dist/cli/main.js', 'serve', trained.directory, ...onCard, '--port', '0', '--json'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      try {
        const said = { out: '', err: '' };
        child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
        child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
        await expect
          .poll(() => said.err.includes('Ready.') || child.exitCode !== null, { timeout: 120_000 })
          .toBe(true);
        const { url, device } = facts['serve']!.parse(JSON.parse(said.out)) as Record<string, string>;
        expect(device).toBe('webgpu');
        const texts = read(test())
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => line.slice(2));
        const ask = async (): Promise<number[][]> => {
          const response = await fetch(`${url}/v1/predict`, {
            method: 'POST',
            body: JSON.stringify({ texts }),
            headers: { 'content-type': 'application/json' },
          });
          const { predictions } = (await response.json()) as {
            predictions: { probabilities: Record<string, number> }[];
          };
          return predictions.map(({ probabilities }) => Object.values(probabilities));
        };
        const found = await ask();
        rowsOf(read(trained.file('predictions.csv'))).forEach(([, ...expected], row) =>
          expected.forEach((p, label) => expect(Math.abs(found[row]![label]! - p)).toBeLessThan(TOLERANCE)),
        );
        expect(await ask()).toEqual(found);
        const info = (await (await fetch(`${url}/info`)).json()) as object;
        expect(info).toMatchObject({ ensemble: { device: 'webgpu' } });
        child.kill('SIGTERM');
        expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
      } finally {
        child.kill('SIGKILL');
      }
    });

    it('the library gives the probabilities of the processor', async () => {
      const texts = ['glad calm private words', 'grey dread private words', '', 'glad '.repeat(40)];
      const [here, there] = [
        await loadEnsemble(trained.directory, { threads: 1 }),
        await loadEnsemble(trained.directory, { threads: 1, device: 'webgpu' }),
      ];
      try {
        expect([here.device, there.device]).toEqual(['cpu', 'webgpu']);
        const [expected, found] = [await here.predict(texts), await there.predict(texts)];
        expect(found.map(({ labels }) => labels)).toEqual(expected.map(({ labels }) => labels));
        for (const [row, { probabilities }] of found.entries())
          for (const [label, p] of Object.entries(probabilities))
            expect(Math.abs(p - expected[row]!.probabilities[label]!)).toBeLessThan(TOLERANCE);
        expect(await there.predict(texts)).toEqual(found);
      } finally {
        await here.close();
        await there.close();
      }
    });

    it('8 bits are refused there before anything is loaded, and are the processor’s where it is left open', async () => {
      const exported = trained.place('int8');
      const written = await trained.on('export', trained.id, exported, '--int8', '--max-loss', '1');
      expect(written.code).toBe(0);
      const message =
        /device webgpu: it has no kernels for products of 8 bits; expected int8 on the processor/;
      const output = trained.place('int8.csv');
      for (const args of [
        ['predict', exported, test(), '--output', output],
        ['serve', exported, '--port', '0'],
      ]) {
        const { code, err } = await trained.on(...args, '--int8', ...onCard);
        expect([code, err]).toEqual([1, expect.stringMatching(message)]);
      }
      expect(existsSync(output)).toBe(false);
      const asked = loadEnsemble(exported, { precision: 'int8', device: 'webgpu' });
      await expect(asked).rejects.toThrow(message);
      const { code, out } = await trained.on(
        'predict',
        exported,
        test(),
        '--int8',
        '--output',
        output,
        '--json',
      );
      expect([code, JSON.parse(out)]).toMatchObject([0, { device: 'cpu' }]);
    });
  },
);

describe.skipIf(!canRun)(`a device that does not start${withoutRuns}`, { timeout: 180_000 }, () => {
  let trained: SmallRun;
  beforeAll(async () => {
    trained = await SmallRun.shared();
  });
  afterAll(() => trained?.remove());

  it('ends the command with what is missing, and another one never takes its place', async () => {
    const output = trained.place('never.csv');
    const table = join(trained.project.folder, 'test.csv');
    for (const args of [
      ['predict', trained.id, table, '--output', output],
      ['serve', trained.id, '--port', '0'],
    ]) {
      const { code, err } = await trained.on(...args, '--device', 'cuda:7');
      expect([code, err]).toEqual([1, expect.stringMatching(/^error: device cuda:7: .+\n$/)]);
    }
    expect(existsSync(output)).toBe(false);
    const asked = loadEnsemble(trained.directory, { device: 'cuda:7' });
    await expect(asked).rejects.toThrow(EnvironmentFault);
  });

  it('is one that there is, and one alone', async () => {
    const table = join(trained.project.folder, 'test.csv');
    for (const [device, message] of [
      ['gpu', /--device.*there is no device of that name; found gpu/],
      ['cuda:0,cuda:1', /several devices are named; found cuda:0, cuda:1/],
    ] as const) {
      const { code, err } = await trained.on('predict', trained.id, table, '--device', device);
      expect([code === 0, err]).toEqual([false, expect.stringMatching(message)]);
      const asked = loadEnsemble(trained.directory, { device: device as 'cuda' });
      await expect(asked).rejects.toThrow(/loadEnsemble: options\.device: .*named|no device of that name/);
    }
    await expect(loadEnsemble(trained.directory, { device: 1 as never })).rejects.toThrow(TypeError);
    rmSync(trained.place('submission.csv'), { force: true });
  });
});
