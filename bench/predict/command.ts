import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { processor, type DeviceName } from '../../engine/device/device.js';
import { learnVocabulary } from '../../engine/tokenization/vocabulary.js';
import { loadTokenizer, parseTokenizer, type Tokenizer } from '../../engine/tokenization/tokenizer.js';
import { thisMachine } from '../../worker/machine.js';
import { oneDevice } from '../step/device/command.js';
import { miniLmFolder } from '../step/sample.js';
import { compare } from './compare.js';
import { checkpointModel, randomModel, randomNetworks, writeModel, type NetworkName } from './models.js';
import { sideNames, type SideName } from './sides.js';
import { summarise, table, type Summary } from './summary.js';
import { readTexts } from './texts.js';

interface PredictOptions {
  readonly model: readonly NetworkName[];
  readonly checkpoint?: string;
  readonly data?: string;
  readonly chunk: number;
  readonly chunks: number;
  readonly singles: number;
  readonly only: readonly SideName[];
  readonly python: string;
  readonly transformersJs: string;
  readonly threads: number;
  readonly device: DeviceName;
  readonly json?: true;
}

/** `predict`: texts a second and the latency of one, ours and others', in turns. */
export function addPredict(program: Command): void {
  program
    .command('predict')
    .description("Times the scoring of texts, ours and others' in turns on the same texts and cores.")
    .addOption(
      new Option('--model <names...>', 'networks')
        .choices(Object.keys(randomNetworks))
        .default(['minilm', 'bert-base', 'deberta-v3-base']),
    )
    .option('--checkpoint <folder>', 'a checkpoint in place of the networks; it gets a new head')
    .option('--data <file>', "a table with a text column; by default the sample's, else the quick start's")
    .option('--chunk <n>', 'texts that are asked for together', positive, 256)
    .option('--chunks <n>', 'how often', positive, 5)
    .option('--singles <n>', 'texts that are asked for one by one', positive, 100)
    .addOption(new Option('--only <sides...>', 'sides').choices(sideNames).default(sideNames))
    .option(
      '--python <command>',
      'a Python with PyTorch, transformers and onnxruntime (also FOLDWISE_PYTHON)',
      process.env['FOLDWISE_PYTHON'] ?? 'python3',
    )
    .option(
      '--transformers-js <folder>',
      'a folder in whose node_modules transformers.js is (also FOLDWISE_TRANSFORMERS_JS)',
      process.env['FOLDWISE_TRANSFORMERS_JS'] ?? '.',
    )
    .option('--threads <n>', 'of each side', positive, thisMachine().processors)
    .option('--device <name>', 'what ours computes on', oneDevice, processor)
    .option('--json', 'print JSON')
    .action(runPredict);
}

async function runPredict(options: PredictOptions): Promise<void> {
  // npm runs a script in the package's folder, but a path is relative to where the person is.
  const path = (given: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), given);
  const { chunk, chunks, singles, threads, device, python } = options;
  const load = loadavg();
  const data = options.data === undefined ? null : path(options.data);
  const { texts, from } = await readTexts(data, Math.max(chunk * chunks, singles));
  const head = { threads, device, processors: thisMachine().processors, load, texts: from };
  const say = (line: string): void => void (options.json ?? console.log(line));
  say(
    `load    ${load.map((value) => value.toFixed(1)).join(' ')} over 1, 5, 15 minutes; ${threads} threads a side`,
  );
  say(`texts   ${from}: ${chunks} times ${chunk}, and ${singles} one by one\n`);
  const directory = await mkdtemp(join(tmpdir(), 'foldwise-bench-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  const summaries: Summary[] = [];
  try {
    const file = join(directory, 'texts.json');
    await writeFile(file, JSON.stringify(texts));
    for (const { name, model, tokenizer } of models(options, texts, path)) {
      const folder = join(directory, 'model');
      await writeModel(folder, await model(), await tokenizer());
      const measured = await compare({
        ...{ folder, texts: file, threads, device, chunk, chunks, singles },
        only: ['ours', ...options.only],
        peers: { python, transformersJs: path(options.transformersJs) },
        progress: (line) => console.error(`${name}: ${line}`),
      });
      rmSync(folder, { recursive: true });
      const summary = summarise(name, chunk, measured);
      summaries.push(summary);
      say(`${table(summary)}\n`);
    }
  } finally {
    process.off('exit', remove);
    remove();
  }
  if (options.json === true) console.log(JSON.stringify({ ...head, models: summaries }, null, 2));
}

interface ModelToMeasure {
  readonly name: string;
  readonly model: () => Promise<ReturnType<typeof randomModel>>;
  readonly tokenizer: () => Promise<Tokenizer>;
}

function models(
  { checkpoint, model: names }: PredictOptions,
  texts: readonly string[],
  path: (given: string) => string,
): ModelToMeasure[] {
  const miniLm = miniLmFolder();
  if (checkpoint !== undefined) {
    const folder = path(checkpoint);
    const name = basename(folder);
    return [{ name, model: () => checkpointModel(folder), tokenizer: () => loadTokenizer(folder) }];
  }
  const tokenizer = (): Promise<Tokenizer> =>
    miniLm === null
      ? parseTokenizer(learnVocabulary(texts, { size: 2000, type: 'bert' }))
      : loadTokenizer(miniLm);
  return names.map((name) => ({
    name,
    tokenizer,
    model: () =>
      name === 'minilm' && miniLm !== null ? checkpointModel(miniLm) : Promise.resolve(randomModel(name)),
  }));
}

function positive(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 999999.');
}
