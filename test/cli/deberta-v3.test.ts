import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { predictTexts } from '../../engine/inference/predict.js';
import { meanProbabilities } from '../../metrics/ensemble.js';
import { decide } from '../../metrics/thresholds.js';
import type { RunResult } from '../../report/run-result.js';
import { serveHub, type HubServer } from '../engine/checkpoint/hub-server.js';
import { canRun, foldwise, withoutRuns, type Ended } from './built-command-line.js';

const labels = ['anger', 'fear', 'joy', 'sadness', 'surprise'];
const fourFiles = ['config.json', 'pytorch_model.bin', 'spm.model', 'tokenizer_config.json'];
const tiny = join(process.cwd(), 'test/golden/checkpoints/deberta-v3-tiny');
const texts = ['The train was late again.', 'What a lovely day!', 'ﬁne ①'];

/** 50 rows in which each label has a word of its own. */
function trainingTable(): string {
  const rows = Array.from({ length: 50 }, (_, row) => {
    const values = labels.map((_, label) => (row % 5 === label || row % 10 === label ? 1 : 0));
    const words = labels.filter((_, label) => values[label] === 1).map((label) => `so much ${label}`);
    return `${row},"${words.join(', ')}, number ${row}",${values.join(',')}\n`;
  });
  return `id,text,${labels.join(',')}\n${rows.join('')}`;
}

describe.skipIf(!canRun)(
  `pipeline.yaml as it stands, with a checkpoint of DeBERTa-v3's four files${withoutRuns}`,
  { timeout: 180_000 },
  () => {
    let folder: string;
    let hub: HubServer;
    let ended: Ended;
    let run: string;
    const start = (endpoint: string): Promise<Ended> => {
      const overrides = {
        'data.train': join(folder, 'train.csv'),
        'data.test': join(folder, 'test.csv'),
        'training.epochs': 1,
        // In a few steps at the published rate a random model learns nothing, and is taken for collapsed.
        'training.batchSize': 4,
        'training.learningRate': 0.02,
      };
      const set = Object.entries(overrides).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
      return foldwise(['run', 'pipeline.yaml', '--workdir', join(folder, 'work'), ...set], {
        HF_ENDPOINT: endpoint,
        HF_HOME: join(folder, 'hub'),
      });
    };

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'foldwise-deberta-'));
      writeFileSync(join(folder, 'train.csv'), trainingTable());
      writeFileSync(
        join(folder, 'test.csv'),
        `id,text\n${texts.map((text, row) => `t${row},${text}\n`).join('')}`,
      );
      hub = await serveHub({ 'microsoft/deberta-v3-base': tiny });
      ended = await start(hub.url);
      run = join(folder, 'work/runs', readdirSync(join(folder, 'work/runs'))[0] ?? '');
    }, 180_000);
    afterAll(async () => {
      await hub.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const result = (): RunResult => JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as RunResult;

    it('completes', () => {
      expect(ended.err).not.toMatch(/^error/m);
      expect(ended.code).toBe(0);
      expect(readdirSync(tiny)).toEqual(fourFiles);
    });

    it('fetches each of the four files once', () => {
      const fetched = hub.requests.filter((request) => /GET \/(?:microsoft|cdn)/.test(request));
      for (const file of fourFiles)
        expect(
          fetched.some((request) => request.endsWith(file)),
          file,
        ).toBe(true);
      expect(ended.err.match(/^Downloading .* of microsoft\/deberta-v3-base/gm)).toHaveLength(
        fourFiles.length,
      );
    });

    it('tells of five folds of that checkpoint in result.json', () => {
      const { status, folds, rows, thresholds, rowsWithoutOof, configuration } = result();
      expect({ status, rows, rowsWithoutOof }).toEqual({
        status: 'completed',
        rows: { train: 50, test: 3 },
        rowsWithoutOof: 0,
      });
      expect(folds.map(({ fold, epochs }) => [fold, epochs.length])).toEqual(
        [1, 2, 3, 4, 5].map((fold) => [fold, 1]),
      );
      expect(Object.keys(thresholds)).toEqual(labels);
      expect(configuration.model.checkpoint).toBe('microsoft/deberta-v3-base');
    });

    it('exports models whose mean, judged by the thresholds, is submission.csv', async () => {
      const models: Float32Array[] = [];
      for (const { fold } of result().folds)
        models.push(
          await predictTexts(join(run, 'models', String(fold)), texts, { maxLength: 128, threads: 1 }),
        );
      const thresholds = labels.map((label) => result().thresholds[label]!);
      const expected = decide(meanProbabilities(models), thresholds);
      const rows = readFileSync(join(run, 'submission.csv'), 'utf8').trimEnd().split('\n');
      expect(rows).toEqual([
        `id,${labels.join(',')}`,
        ...texts.map(
          (_, row) => `t${row},${expected.slice(row * labels.length, (row + 1) * labels.length).join(',')}`,
        ),
      ]);
    });

    it('needs the hub no more for a second run', async () => {
      const { code, out } = await start('http://127.0.0.1:1');
      expect(out).toContain('fold 5: reused');
      expect(code).toBe(0);
    });
  },
);
