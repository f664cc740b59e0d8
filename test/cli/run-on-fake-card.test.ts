import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compileFakeCard, withoutProvider } from '../setup/fake-card/fake-card.js';
import { canRun, foldwise, withoutRuns } from './built-command-line.js';
import { SmallProject } from './small-project.js';

const missing = withoutProvider();

/** What it computes is nothing: how the command, its worker and the processes of folds come to a card, and leave it. */
describe.skipIf(!canRun || missing !== null)(
  `a run whose folds train on CUDA, on a card that computes nothing${withoutRuns}${missing === null ? '' : ` (skipped: ${missing})`}`,
  { timeout: 300_000 },
  () => {
    const project = new SmallProject();
    project.model(
      'scratch: { type: bert, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32, vocabulary: 80 }',
    );
    const env = { LD_LIBRARY_PATH: compileFakeCard(join(project.folder, 'card')) };
    const workdir = join(project.folder, 'state');
    const onCard = ['--device', 'cuda:0'];
    const command = ['run', project.pipeline, ...onCard, '--workdir', workdir];
    afterAll(() => rmSync(project.folder, { recursive: true, force: true, maxRetries: 5 }));

    it('is had from beginning to end in float16, names the card, and is reused', async () => {
      const first = await foldwise(command, env);
      expect(first.code, first.err).toBe(0);
      const run = readdirSync(join(workdir, 'runs')).find((name) => name.startsWith('small'))!;
      const result = readFileSync(join(workdir, 'runs', run, 'result.json'), 'utf8');
      expect(result.match(/"device": "[\w:]+"/g)).toEqual(['"device": "cuda:0"', '"device": "cuda:0"']);
      expect(result.match(/"precision": "\w+"/g)).toContain('"precision": "float16"');
      expect(result).toContain('A card of tests');
      const again = await foldwise(command, env);
      expect(again.code, again.err).toBe(0);
      expect(again.out).toContain('fold 2: reused');
    });

    it('is refused before anything is started where its model does not fit the card', async () => {
      const large = new SmallProject();
      large.model(
        'scratch: { type: bert, hiddenSize: 1024, layers: 6, heads: 16, intermediateSize: 4096, vocabulary: 80 }',
      );
      const { code, err } = await foldwise(
        ['run', large.pipeline, ...onCard, '--workdir', large.workdir],
        env,
      );
      expect(code).not.toBe(0);
      expect(err).toMatch(
        /^error: model\.maxLength: a training step would not fit the memory of cuda:0 \(A card of tests\); found .* in float16: weights and moments .*; expected at most 1\.\d+ GB\./m,
      );
      expect(existsSync(large.workdir)).toBe(false);
      rmSync(large.folder, { recursive: true });
    });

    it('has its texts scored there, and not where its models would not fit', async () => {
      const texts = project.write('texts.csv', 'text\nglad calm\n');
      const output = join(project.folder, 'labels.csv');
      const predict = [
        'predict',
        'latest',
        texts,
        '--output',
        output,
        '--force',
        ...onCard,
        '--workdir',
        workdir,
      ];
      const scored = await foldwise(predict, env);
      expect([scored.code, scored.err]).toEqual([0, '']);
      expect(scored.out).toContain('cuda:0');
      const small = compileFakeCard(join(project.folder, 'small-card'), { memory: 800 * 2 ** 20 });
      const refused = await foldwise(predict, { LD_LIBRARY_PATH: small });
      expect(refused.code).not.toBe(0);
      expect(refused.err).toMatch(
        /^error: the ensemble: device cuda:0: the model would not fit its memory \(A card of tests\); found 0\.84 GB: weights .*, activations .* for a text of 16 tokens; expected at most 0\.84 GB\./m,
      );
    });

    it('is listed by devices, and planned for', async () => {
      const listed = await foldwise(['devices'], env);
      expect(listed.out).toContain('A card of tests');
      const elsewhere = join(project.folder, 'elsewhere');
      const plan = ['plan', project.pipeline, ...onCard, '--workdir', elsewhere];
      const planned = await foldwise(plan, env);
      expect(planned.code, planned.err).toBe(0);
      expect(planned.out).toContain('float16');
    });
  },
);
