import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { exportedRunsSchema } from '../../../cli/facts/tensorboard.js';
import { readResult } from '../../../cli/runs/results.js';
import { crc32c } from '../../../cli/tensorboard/crc32c.js';
import { EventFile } from '../../../cli/tensorboard/event-file.js';
import { runEvents } from '../../../cli/tensorboard/run-events.js';
import { run as foldwise } from '../capture.js';
import { assessedReport, ensembleReport } from '../../report/sample.js';
import { sampleWorkdir } from '../comparison/sample-runs.js';

const golden = (name: string): string =>
  fileURLToPath(new URL(`../../golden/tensorboard/${name}`, import.meta.url));
const expected = JSON.parse(readFileSync(golden('events.json'), 'utf8')) as {
  readonly seconds: number;
  readonly file: string;
  readonly masked: readonly { readonly hex: string; readonly crc: number }[];
};

const python = process.env['FOLDWISE_PYTHON'] ?? 'python3';
const modules = 'import sys, importlib.util as u; sys.exit(u.find_spec("tensorboard") is None)';
const noTensorboard = spawnSync(python, ['-c', modules]).status !== 0;

describe('a file of events', () => {
  it('has the checksums of CRC-32C', () => {
    // RFC 3720, appendix B.4, and the check value of the catalogue.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    for (const { hex, crc } of expected.masked) {
      const plain = crc32c(Buffer.from(hex, 'hex'));
      expect((((plain >>> 15) | (plain << 17)) + 0xa282ead8) >>> 0).toBe(crc);
    }
  });

  it("has the bytes that TensorBoard's own classes write", () => {
    const events = new EventFile(expected.seconds)
      .session({
        'data.train': 'träin.csv',
        'training.epochs': 4,
        'training.learningRate': 1.5e-5,
        'training.shuffled': false,
      })
      .scalar({ tag: 'macroF1/crossFitted', step: 0, value: 0.625 })
      .scalar({ tag: 'never/computed', step: 1, value: NaN })
      .scalar({ tag: 'loss/training', step: 1, value: 0.1 })
      .scalar({ tag: 'loss/training', step: 300, value: 0 });
    expect(Buffer.from(events.bytes()).toString('hex')).toBe(expected.file);
  });
});

describe('a run for TensorBoard', () => {
  const startedAt = new Date('2026-11-24T00:21:56.000Z');

  it('is a file of its scores and one of each fold, the same again, and names no folder of the machine', () => {
    const { result } = assessedReport();
    const files = runEvents(result, startedAt);
    expect(files.map(({ path }) => path)).toEqual(
      ['', '/fold-1', '/fold-2', '/fold-3', '/fold-4', '/fold-5'].map(
        (fold) => `${result.run}${fold}/events.out.tfevents.1795479716.foldwise`,
      ),
    );
    expect(runEvents(result, startedAt)).toEqual(files);
    for (const { bytes } of files) expect(Buffer.from(bytes).toString('latin1')).not.toContain('/home');
  });

  it('keeps folds of members apart', () => {
    const paths = runEvents(ensembleReport().result, startedAt).map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths[1]).toContain('/fold-seed-42-1/');
  });
});

describe('foldwise tensorboard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-tensorboard-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Loaded {
    readonly scalars: Readonly<Record<string, readonly (readonly [number, number])[]>>;
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly status?: number;
  }

  it('writes runs where it is told, again without a trace, and says which files', async () => {
    const workdir = await sampleWorkdir([{ run: 'one' }, { run: 'other' }]);
    const output = join(folder, 'written');
    const export_ = () =>
      foldwise('tensorboard', 'one', 'other', '--output', output, '--json', '--workdir', workdir);
    const told = exportedRunsSchema.parse(JSON.parse((await export_()).out));
    expect(told.output).toBe(output);
    expect(told.runs.map(({ run, files }) => [run, files.length])).toEqual([
      ['one', 6],
      ['other', 6],
    ]);
    const read = () =>
      told.runs.flatMap(({ files }) => files.map((file) => readFileSync(join(output, file))));
    const before = read();
    await export_();
    expect(read()).toEqual(before);
    expect((await foldwise('tensorboard', 'one', '--workdir', workdir)).out).toBe(
      `${join(workdir, 'tensorboard')}: 6 files; tensorboard --logdir shows them`,
    );
    rmSync(workdir, { recursive: true });
  });

  it.skipIf(noTensorboard)(
    'writes what TensorBoard loads (skipped without a Python that has it: set FOLDWISE_PYTHON)',
    async () => {
      const workdir = await sampleWorkdir([{ run: 'loaded' }]);
      await foldwise('tensorboard', 'loaded', '--output', join(folder, 'loaded'), '--workdir', workdir);
      const result = await readResult(join(workdir, 'runs', 'loaded'));
      const { stdout, stderr, status } = spawnSync(
        python,
        [golden('load_events.py'), join(folder, 'loaded')],
        {
          encoding: 'utf8',
        },
      );
      if (status !== 0) throw new Error(stderr);
      const loaded = JSON.parse(stdout) as Readonly<Record<string, Loaded>>;
      expect(Object.keys(loaded)).toEqual([
        'loaded',
        ...[1, 2, 3, 4, 5].map((fold) => `loaded/fold-${fold}`),
      ]);
      const run = loaded['loaded']!;
      expect(run.status).toBe(1);
      expect(run.settings).toMatchObject({
        task: 'multi-label',
        'training.epochs': 4,
        'training.learningRate': 1.5e-5,
        'model.checkpoint': 'microsoft/deberta-v3-base',
        'data.train': 'train.csv',
      });
      expect(run.scalars['macroF1/crossFitted']).toEqual([[0, Math.fround(result.macroF1.crossFitted)]]);
      expect(run.scalars['crossFitted/joy']).toEqual([[0, Math.fround(result.perLabel['joy']!.crossFitted)]]);
      const [from] = result.assessment!.macro.intervals.crossFitted;
      expect(run.scalars['macroF1/crossFittedFrom']).toEqual([[0, Math.fround(from)]]);
      result.folds.forEach(({ fold, epochs }) => {
        const { scalars } = loaded[`loaded/fold-${fold}`]!;
        expect(scalars['loss/training']).toEqual(
          epochs.map(({ epoch, trainLoss }) => [epoch, Math.fround(trainLoss)]),
        );
        expect(scalars['macroF1/validation']).toEqual(
          epochs.map(({ epoch, macroF1 }) => [epoch, Math.fround(macroF1)]),
        );
      });
      rmSync(workdir, { recursive: true });
    },
    120_000,
  );
});
