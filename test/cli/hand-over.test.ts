import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelsOf } from '../../ensemble/definition.js';
import { readExportedEnsemble } from '../../ensemble/exported-ensemble.js';
import { loadEnsemble } from '../../library/index.js';
import { snippetsOf } from '../setup/markdown.js';
import { canRun, withoutRuns } from './built-command-line.js';
import { handOver, type HandedOver, type HandOverCase } from './hand-over-project.js';

const python = process.env['FOLDWISE_PYTHON'] ?? 'python3';
const modules =
  'import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, ("torch", "transformers", "onnxruntime"))))';
const noTransformers = spawnSync(python, ['-c', modules]).status !== 0;
const script = fileURLToPath(new URL('../golden/load_ensemble.py', import.meta.url));

/** What the hub's own client makes of the metadata. */
const hubSnippet = `
from huggingface_hub import ModelCard
card = ModelCard.load("README.md")
for result in card.data.eval_results:
    assert 0 <= result.metric_value <= 1
    print(result.metric_name.removeprefix("F1 of ").replace(",", ""))
`;
const carded = 'labels, calibrated by Platt';

/** Of a probability: float32 rounding, in another order. */
const PROBABILITY = 1e-5;

/** With weights of 11 bits: 5e-4 of each, which sums of them over so small a model keep to. */
const IN_FLOAT16 = 2e-3;

const cases: Readonly<Record<string, HandOverCase>> = {
  'labels, calibrated by Platt': {
    task: 'multi-label',
    type: 'bert',
    set: [
      'calibration=platt',
      'thresholds={ objective: { cost: { falsePositive: 1, falseNegative: 1 } } }',
      'training.epochs=20',
    ],
  },
  'classes, by temperature': { task: 'single-label', type: 'deberta-v2', set: ['calibration=temperature'] },
  'weighted members, isotonic': {
    task: 'multi-label',
    type: 'bert',
    set: [
      'calibration=isotonic',
      'ensemble.method=simplex',
      'steps.fold.matrix.training.seed=[1, 2, 3]',
      'training.epochs=5',
    ],
  },
};

interface Loaded {
  readonly models: Readonly<Record<string, Readonly<Record<string, readonly (readonly number[])[]>>>>;
  readonly graph: {
    readonly probabilities: readonly (readonly number[])[];
    readonly decisions: readonly (readonly number[])[];
  } | null;
}

function load(folder: string, texts: readonly string[]): Loaded {
  const input = JSON.stringify(texts);
  const { stdout, stderr, status } = spawnSync(python, [script, folder], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Loaded;
}

function farthest(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): number {
  expect(found.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  return Math.max(...expected.flatMap((row, i) => row.map((p, label) => Math.abs(p - found[i]![label]!))));
}

describe.skipIf(!canRun || noTransformers)(
  `an exported ensemble in Python${withoutRuns} (skipped without a Python that has transformers and onnxruntime: set FOLDWISE_PYTHON)`,
  { timeout: 600_000 },
  () => {
    describe.each(Object.keys(cases))('of %s', (title) => {
      let handed: HandedOver;
      let loaded: Loaded;
      beforeAll(async () => {
        handed = await handOver(cases[title]!, '--float16');
        const training = handed.outOfFold().map(({ text }) => text);
        loaded = load(handed.folder, [...training, ...handed.texts]);
      }, 600_000);
      afterAll(() => rmSync(handed.root, { recursive: true, force: true }));

      it('gives what oof.csv has in transformers and ONNX Runtime, model by model', async () => {
        const { definition } = await readExportedEnsemble(handed.folder);
        const folders = modelsOf(definition).map(({ folder }) => folder);
        expect(Object.keys(loaded.models).map((place) => join(handed.folder, place))).toEqual(folders);
        for (const [place, given] of Object.entries(loaded.models)) {
          const [, member, fold] = /^members\/(?:(.*)\/)?(\d+)$/.exec(place)!;
          const rows = handed.outOfFold(member);
          const own = rows.flatMap((row, i) => (row.fold === Number(fold) ? [i] : []));
          expect(own.length).toBeGreaterThan(20);
          for (const kind of ['transformers', 'model', 'model_fp16']) {
            const found = own.map((i) => given[kind]![i]!);
            const expected = own.map((i) => rows[i]!.probabilities);
            const bound = kind === 'model_fp16' ? IN_FLOAT16 : PROBABILITY;
            expect(farthest(found, expected), `${place}, ${kind}`).toBeLessThan(bound);
          }
        }
      });

      it('gives what predictions.csv has and decides as submission.csv does by its graph', () => {
        const first = handed.outOfFold().length;
        const { probabilities, decisions } = loaded.graph!;
        expect(farthest(probabilities.slice(first), handed.predictions())).toBeLessThan(PROBABILITY);
        expect(decisions.slice(first)).toEqual(handed.decisions());
        expect(new Set(decisions.slice(first).flat()).size).toBe(2);
      });

      it('decides as the library does by the Python of docs/hand-over.md, which needs ONNX Runtime and tokenizers alone', async () => {
        const [code] = snippetsOf(readFileSync('docs/hand-over.md', 'utf8'), 'python');
        const [, texts] = /^texts = (\[.*\])$/m.exec(code!)!;
        const others = `import sys\nfor name in ("torch", "transformers"):\n    sys.modules[name] = None\n`;
        const { stdout, stderr, status } = spawnSync(python, ['-c', others + code!], {
          cwd: handed.folder,
          encoding: 'utf8',
        });
        expect(status, stderr).toBe(0);
        await using ensemble = await loadEnsemble(handed.folder, { threads: 1 });
        const expected = await ensemble.predict(JSON.parse(texts!) as string[]);
        const found = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { labels: string[]; probabilities: number[] });
        expect(found.map(({ labels }) => labels)).toEqual(expected.map(({ labels }) => labels));
        const probabilities = expected.map((each) => Object.values(each.probabilities));
        expect(
          farthest(
            found.map((each) => each.probabilities),
            probabilities,
          ),
        ).toBeLessThan(PROBABILITY);
      });

      it.runIf(title === carded)(
        'has a card that the hub reads, and whose Python runs as it stands there',
        () => {
          const snippets = snippetsOf(readFileSync(join(handed.folder, 'README.md'), 'utf8'), 'python');
          expect(snippets).toHaveLength(2);
          for (const [place, code] of [...snippets, hubSnippet].entries()) {
            const { stdout, stderr, status } = spawnSync(python, ['-c', code], {
              cwd: handed.folder,
              encoding: 'utf8',
            });
            expect(status, stderr).toBe(0);
            expect(
              stdout
                .trim()
                .split('\n')
                .map((line) => line.split(' ')[0]),
            ).toEqual(place === 2 ? ['macro', ...handed.labels] : handed.labels);
          }
        },
      );
    });
  },
);
