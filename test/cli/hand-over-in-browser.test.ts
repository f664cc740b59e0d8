import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../report/chromium.js';
import { canRun, withoutRuns } from './built-command-line.js';
import { handOver, type HandedOver } from './hand-over-project.js';
import { predictTexts } from '../../engine/inference/predict.js';
import { snippetsOf } from '../setup/markdown.js';
import { ModulePage, originOf, served } from '../setup/module-page.js';
import { noBrowserLibrary, place, withoutLibrary } from '../setup/transformers-js.js';

const executable = findChromium();
const noBrowser = executable === null ? ' (skipped: there is no Chromium on this machine)' : '';

/** Of a probability: float32 rounding, in another order. */
const PROBABILITY = 1e-5;

/** With weights of 11 bits: 5e-4 of each, which sums of them over so small a model keep to. */
const IN_FLOAT16 = 2e-3;
const bounds = { fp32: PROBABILITY, fp16: IN_FLOAT16 } as const;
type Stored = keyof typeof bounds;
const minutes = 60_000;

/**
 * The body of a module that scores texts with one model, given `folder`, `texts`, `maxLength` and `options`. Of a text that is too
 * long transformers.js cuts off the last special token, so that is put back.
 */
const scoring = `
  const tokenizer = await AutoTokenizer.from_pretrained(folder);
  const model = await AutoModelForSequenceClassification.from_pretrained(folder, options);
  const all = [];
  for (const text of texts) {
    let ids = tokenizer.encode(text);
    if (ids.length > maxLength) ids = [...ids.slice(0, maxLength - 1), ids.at(-1)];
    const tensor = (of) => new Tensor('int64', BigInt64Array.from(ids, of), [1, ids.length]);
    const inputs = { input_ids: tensor(BigInt), attention_mask: tensor(() => 1n), token_type_ids: tensor(() => 0n) };
    const { logits } = await model(inputs);
    all.push(Array.from(logits.data, (logit) => 1 / (1 + Math.exp(-logit))));
  }
`;

describe.skipIf(!canRun || noBrowserLibrary)(
  `an exported model in transformers.js${withoutRuns}${withoutLibrary}`,
  { timeout: 10 * minutes },
  () => {
    let handed: HandedOver;
    beforeAll(async () => {
      handed = await handOver({ task: 'multi-label', type: 'bert' }, '--float16');
    }, 10 * minutes);
    afterAll(() => handed && rmSync(handed.root, { recursive: true, force: true }));

    /** The rows of a fold: their texts, and what its model said of them. */
    function rowsOf(fold: number) {
      const rows = handed.outOfFold().filter((row) => row.fold === fold);
      expect(rows.length).toBeGreaterThan(20);
      return {
        texts: rows.map(({ text }) => text),
        expected: rows.map(({ probabilities }) => probabilities),
      };
    }

    function compare(
      found: readonly (readonly number[])[],
      expected: readonly (readonly number[])[],
      stored: Stored,
    ): void {
      expect(found.map((row) => row.length)).toEqual(expected.map((row) => row.length));
      const apart = expected.flatMap((row, i) => row.map((p, label) => Math.abs(p - found[i]![label]!)));
      expect(Math.max(...apart)).toBeLessThan(bounds[stored]);
      if (stored === 'fp16') expect(Math.max(...apart)).toBeGreaterThan(PROBABILITY);
    }

    /** Without asking for a `dtype` it is float32. */
    const optionsOf = (stored: Stored): object => (stored === 'fp32' ? {} : { dtype: stored });

    it.each([
      [1, 'fp32'],
      [2, 'fp32'],
      [1, 'fp16'],
    ] as const)('gives what oof.csv has in Node: fold %i in %s', (fold, stored) => {
      const { texts, expected } = rowsOf(fold);
      const script = `
        import { AutoModelForSequenceClassification, AutoTokenizer, Tensor, env } from '@huggingface/transformers';
        env.allowRemoteModels = false;
        env.localModelPath = '';
        const [folder, texts, maxLength, options] = JSON.parse(process.argv[1]);
        ${scoring}
        console.log(JSON.stringify(all));`;
      const folder = join(handed.folder, `members/${fold}`);
      const given = JSON.stringify([folder, texts, handed.maxLength, optionsOf(stored)]);
      const out = execFileSync(process.execPath, ['--input-type=module', '-e', script, given], {
        cwd: place,
      });
      compare(JSON.parse(out.toString()) as number[][], expected, stored);
    });

    it.skipIf(executable === null).each(['fp32', 'fp16'] as const)(
      `gives it in a browser in %s${noBrowser}`,
      async (stored) => {
        const folders = { models: handed.folder, modules: join(place, 'node_modules') };
        const server = await served(folders, { '/page/': '<title>page</title>' });
        const origin = originOf(server);
        const browser = await chromium.launch({ executablePath: executable!, args: ['--no-sandbox'] });
        try {
          const page = await browser.newPage();
          page.setDefaultTimeout(5 * minutes);
          const asked: string[] = [];
          page.on('request', (request) => asked.push(request.url()));
          await page.goto(`${origin}/page/`);
          const { texts, expected } = rowsOf(1);
          const found = await page.evaluate(`(async () => {
          const { AutoModelForSequenceClassification, AutoTokenizer, Tensor, env } =
            await import('${origin}/modules/@huggingface/transformers/dist/transformers.min.js');
          env.allowRemoteModels = false;
          env.allowLocalModels = true;
          env.localModelPath = '/models/';
          env.backends.onnx.wasm.wasmPaths = '${origin}/modules/onnxruntime-web/dist/';
          env.backends.onnx.wasm.numThreads = 1;
          const [folder, texts, maxLength, options] = ${JSON.stringify(['members/1', texts, handed.maxLength, optionsOf(stored)])};
          ${scoring}
          return all;
        })()`);
          compare(found as number[][], expected, stored);
          expect(
            asked.some((url) =>
              url.endsWith(stored === 'fp32' ? 'onnx/model.onnx_data' : 'onnx/model_fp16.onnx_data'),
            ),
          ).toBe(true);
          expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('blob:'))).toEqual([]);
        } finally {
          await browser.close();
          server.close();
        }
      },
    );

    /** What a model says of the text of the snippets, as transformers.js has it: the largest first. */
    async function classified(): Promise<{ label: string; score: number }[]> {
      const folder = join(handed.folder, 'members/1');
      const { maxLength, labels } = handed;
      const scores = await predictTexts(folder, ['What a lovely day!'], { maxLength, threads: 1 });
      return labels
        .map((label, place) => ({ label, score: scores[place]! }))
        .toSorted((a, b) => b.score - a.score);
    }

    function compareClasses(found: unknown, expected: readonly { label: string; score: number }[]): void {
      expect(found).toEqual(
        expected.map(({ label, score }) => ({ label, score: expect.closeTo(score, 5) as number })),
      );
    }

    it('is classified with by the snippet of the card in Node, as it stands there', async () => {
      const modules = join(handed.folder, '..', 'node_modules');
      mkdirSync(modules);
      symlinkSync(join(place, 'node_modules/@huggingface'), join(modules, '@huggingface'), 'dir');
      const code = snippetsOf(readFileSync(join(handed.folder, 'README.md'), 'utf8'), 'js').at(-1)!;
      const json = code.replace(/console\.log\((.*)\);/, 'console.log(JSON.stringify($1));');
      const out = execFileSync(process.execPath, ['--input-type=module', '-e', json], {
        cwd: handed.folder,
      });
      compareClasses(JSON.parse(out.toString()), await classified());
    });

    it.skipIf(executable === null)(
      `is classified with by the snippet of docs/hand-over.md in a browser, as it stands there${noBrowser}`,
      async () => {
        const [code] = snippetsOf(readFileSync('docs/hand-over.md', 'utf8'), 'js');
        await using page = await ModulePage.open(executable!, code!, { models: handed.folder });
        await expect.poll(() => page.logged.length, { timeout: 5 * minutes }).toBe(1);
        compareClasses(page.logged[0], await classified());
      },
    );
  },
);
