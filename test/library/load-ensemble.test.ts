import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mostCharacters } from '../../ensemble/texts.js';
import { InputFault, loadEnsemble, type LoadedEnsemble } from '../../library/index.js';
import { canRun, foldwise, withoutRuns } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';
import { SmallRun } from '../setup/small-run.js';

describe.skipIf(!canRun)(`loadEnsemble${withoutRuns}`, { timeout: 180_000 }, () => {
  let project: SmallProject;
  let run: string;
  let ensemble: LoadedEnsemble;
  const texts = ['glad calm private words', 'grey dread private words'];
  const table = (name: string): string[][] =>
    readFileSync(join(run, name), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').slice(1));

  beforeAll(async () => {
    const trained = await SmallRun.shared();
    ({ project, directory: run } = trained);
    ensemble = await loadEnsemble(run, { threads: 1 });
  });
  afterAll(async () => {
    await ensemble.close();
    rmSync(project.folder, { recursive: true, force: true });
  });

  it('says what the run said of the same texts', async () => {
    const predictions = await ensemble.predict(texts);
    const { thresholds } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as {
      thresholds: Record<string, number>;
    };
    expect([ensemble.task, ensemble.labels, ensemble.thresholds]).toEqual([
      'multi-label',
      ['joy', 'fear'],
      thresholds,
    ]);
    const probabilities = table('predictions.csv');
    const decisions = table('submission.csv');
    for (const [text, { probabilities: found, labels }] of predictions.entries()) {
      expect(Object.keys(found)).toEqual(['joy', 'fear']);
      ['joy', 'fear'].forEach((label, i) => {
        expect(found[label]).toBeCloseTo(Number(probabilities[text]![i]), 5);
        expect(labels.includes(label)).toBe(decisions[text]![i] === '1');
      });
    }
  });

  it('takes empty texts, literal special tokens and halves of characters, and no texts at all', async () => {
    const odd = ['', '  \n', '[CLS] [SEP] [MASK]', 'a\ud800b', 'a\ufffdb', 'word '.repeat(5000), '\0'];
    const predictions = await ensemble.predict(odd);
    expect(predictions).toHaveLength(odd.length);
    for (const { probabilities } of predictions)
      for (const p of Object.values(probabilities)) expect(p > 0 && p < 1).toBe(true);
    expect(predictions[3]).toEqual(predictions[4]);
    expect(await ensemble.predict([])).toEqual([]);
  });

  it('answers calls that overlap each with its own, a long one among them', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => texts[i % 2]!);
    const [long, ...short] = await Promise.all([
      ensemble.predict(many),
      ...Array.from({ length: 20 }, (_, i) => ensemble.predict([texts[i % 2]!])),
    ]);
    expect(long).toHaveLength(5000);
    for (const [i, [prediction]] of short.entries()) {
      const joy = prediction!.probabilities['joy']!;
      expect(joy).toBeCloseTo(long[i % 2]!.probabilities['joy']!, 5);
      expect(Math.abs(joy - long[(i + 1) % 2]!.probabilities['joy']!)).toBeGreaterThan(1e-4);
    }
  });

  it('reads a list as it was when it was asked', async () => {
    const list = [...texts];
    const asked = ensemble.predict(list);
    list[0] = 'something else';
    list.length = 1;
    expect(await asked).toEqual(await ensemble.predict(texts));
  });

  it('decides by other thresholds', async () => {
    const other = await loadEnsemble(pathToFileURL(run), { threads: 1, thresholds: { joy: 0, fear: 1 } });
    expect(other.thresholds).toEqual({ joy: 0, fear: 1 });
    expect((await other.predict(texts)).map(({ labels }) => labels)).toEqual([['joy'], ['joy']]);
    await other.close();
  });

  it('computes in 8 bits where an export says what that loses', async () => {
    await expect(loadEnsemble(run, { threads: 1, precision: 'int8' })).rejects.toThrow(
      /nobody has measured.*--int8/,
    );
    const exported = join(project.folder, 'int8');
    const args = ['export', run, exported, '--int8', '--max-loss', '1', '--workdir', project.workdir];
    expect((await foldwise(args)).code).toBe(0);
    const int8 = await loadEnsemble(exported, { threads: 1, precision: 'int8' });
    const [expected, found] = [await ensemble.predict(texts), await int8.predict(texts)];
    expect(found).not.toEqual(expected);
    for (const [i, { probabilities }] of found.entries())
      for (const [label, p] of Object.entries(probabilities))
        expect(Math.abs(p - expected[i]!.probabilities[label]!)).toBeLessThan(0.02);
    await int8.close();
  });

  it('answers what was asked before it is closed, and nothing after', async () => {
    const closing = await loadEnsemble(run, { threads: 1 });
    const asked = closing.predict(Array.from({ length: 5000 }, () => texts[0]!));
    const closed = closing.close();
    await expect(closing.predict(texts)).rejects.toThrow(InputFault);
    await expect(closing.predict(texts)).rejects.toThrow(/ensemble is closed/);
    expect(await asked).toHaveLength(5000);
    await closed;
    await closing.close();
    await closing[Symbol.asyncDispose]();
  });

  it('gives up a call whose signal is aborted, and goes on with others', async () => {
    const reason = new Error('enough');
    await expect(ensemble.predict(texts, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await ensemble.predict(texts)).toHaveLength(2);
  });

  it('refuses what is no list of texts, and says what it is, never its content', async () => {
    const wrong: [unknown, RegExp][] = [
      [undefined, /^predict: texts: expected an array of strings, found undefined$/],
      ['private', /texts: expected an array of strings, found a string$/],
      [['a', 5], /texts\[1\]: expected a string, found 5$/],
      [['a', { private: 1 }], /texts\[1\]: expected a string, found an object$/],
      [new Array(3), /texts\[0\]: expected a string, found undefined$/],
      [[['private']], /texts\[0\]: expected a string, found an array$/],
      [[null], /found null$/],
    ];
    for (const [given, message] of wrong) {
      const asked = ensemble.predict(given as string[]);
      await expect(asked).rejects.toThrow(TypeError);
      await expect(asked).rejects.toThrow(message);
      await expect(asked).rejects.not.toThrow(/private/);
    }
    await expect(ensemble.predict(texts, { signals: 1 } as never)).rejects.toThrow(/there is no "signals"/);
  });

  it('refuses a text that is too long, and answers others', async () => {
    const asked = ensemble.predict(['a', 'x'.repeat(100 * 1024 * 1024)]);
    await expect(asked).rejects.toThrow(InputFault);
    await expect(asked).rejects.toThrow(`texts[1]: the text is too long; found 104857600 characters`);
    await expect(asked).rejects.toThrow(`at most ${mostCharacters}`);
    expect(await ensemble.predict(texts)).toHaveLength(2);
  });

  it('refuses folders and options that are none', async () => {
    const wrong: [unknown, unknown, typeof TypeError | typeof InputFault, RegExp][] = [
      [project.folder, {}, InputFault, /no ensemble in this folder/],
      [join(project.folder, 'nowhere'), {}, InputFault, /no ensemble in this folder/],
      ['', {}, TypeError, /folder: expected a text that is not empty, found an empty string/],
      [undefined, {}, TypeError, /folder: .*found undefined/],
      [new URL('https://example.org/model'), {}, TypeError, /file/],
      [run, null, TypeError, /options: expected an object, found null/],
      [run, { thread: 2 }, TypeError, /no "thread"; there is threads, thresholds, precision/],
      [run, { precision: 'int4' }, TypeError, /precision: expected one of float32, int8, found a string/],
      [run, { threads: 0 }, TypeError, /threads: expected a whole number from 1 to 1024, found 0/],
      [run, { threads: 1e9 }, TypeError, /found 1000000000/],
      [run, { threads: '2' }, TypeError, /found a string/],
      [run, { thresholds: [0.5] }, TypeError, /thresholds: expected an object, found an array/],
      [
        run,
        { thresholds: { joy: 2 } },
        TypeError,
        /thresholds\["joy"\]: expected a number from 0 to 1, found 2/,
      ],
      [run, { thresholds: { joy: NaN } }, TypeError, /found NaN/],
      [
        run,
        { thresholds: { jo: 0.3 } },
        InputFault,
        /options\.thresholds: .*no such label.*Did you mean "joy"/,
      ],
    ];
    for (const [folder, options, kind, message] of wrong) {
      const opened = loadEnsemble(folder as string, options as object);
      await expect(opened, String(message)).rejects.toThrow(kind);
      await expect(opened).rejects.toThrow(message);
    }
  });
});

describe.skipIf(!canRun)(`an ensemble of classes${withoutRuns}`, { timeout: 180_000 }, () => {
  const project = new SmallProject();
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it('gives each text the class that its run gave it, and has no thresholds to be told', async () => {
    const words = { glad: 'happy smile', grey: 'rain tears' };
    const rows = Array.from({ length: 40 }, (_, row) => {
      const mood = row % 2 === 0 ? 'glad' : 'grey';
      return `${row},${words[mood]} ${row},${mood}`;
    });
    project.write('train.csv', ['id,text,mood', ...rows, ''].join('\n'));
    project.write('test.csv', `id,text\nx,${words.glad}\ny,${words.grey}\n`);
    project.write(
      'pipeline.yaml',
      `name: moods
task: single-label
labels: [glad, grey]
data: { train: train.csv, test: test.csv, target: mood }
folds: { count: 2 }
model: { scratch: { type: bert, hiddenSize: 32, layers: 1, heads: 2, intermediateSize: 64, vocabulary: 60 }, maxLength: 16 }
training: { epochs: 2, batchSize: 4, learningRate: 5.0e-3 }
`,
    );
    expect((await foldwise(['run', project.pipeline, '--workdir', project.workdir])).code).toBe(0);
    const runs = join(project.workdir, 'runs');
    const run = join(runs, readdirSync(runs)[0]!);
    const ensemble = await loadEnsemble(run, { threads: 1 });
    const predictions = await ensemble.predict(Object.values(words));
    await ensemble.close();
    const submission = readFileSync(join(run, 'submission.csv'), 'utf8').trim().split('\n').slice(1);
    expect(predictions.map(({ labels }) => labels)).toEqual(submission.map((line) => [line.split(',')[1]]));
    for (const { probabilities } of predictions)
      expect(Object.values(probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    expect([ensemble.task, Object.keys(ensemble.thresholds)]).toEqual(['single-label', ['glad', 'grey']]);
    const other = loadEnsemble(run, { thresholds: { glad: 0.3 } });
    await expect(other).rejects.toThrow(/options\.thresholds: .*has no thresholds/);
  });
});
