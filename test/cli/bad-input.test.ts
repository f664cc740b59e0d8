import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveHub, type HubServer } from '../engine/checkpoint/hub-server.js';
import { zip } from '../../bench/fuzz/zip-archive.js';
import { built, canRun, foldwise, withoutBuild, withoutRuns } from './built-command-line.js';
import { privateWords, SmallProject, trainingRows } from './small-project.js';

const goldens = join(process.cwd(), 'test/golden');
const tiny = join(goldens, 'checkpoints/deberta-v3-tiny');
const header = 'id,text,joy,fear\n';

interface Case {
  /** Spoils a project that is sound. */
  readonly spoil: (project: SmallProject) => void;
  /** What the message says: where, what, and what to do. */
  readonly says: readonly (string | RegExp)[];
  readonly set?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const train = (content: string | Buffer) => (project: SmallProject) =>
  void project.write('train.csv', content);
const yaml = (from: string | RegExp, to: string) => (project: SmallProject) =>
  void project.write('pipeline.yaml', readFileSync(project.pipeline, 'utf8').replace(from, to));
const nothing = (): void => undefined;

const tables: Readonly<Record<string, Case>> = {
  'no text column': {
    spoil: train(trainingRows(8).replace('text', 'message')),
    says: ['train.csv', 'no text column', 'comment_text', '"message"', 'data.text'],
  },
  'a label column missing': {
    spoil: train(trainingRows(8).replace('fear', 'feer')),
    says: ['train.csv', 'a label column is missing', 'expected "fear"', 'Did you mean "feer"'],
  },
  'a label that is neither 0 nor 1': {
    spoil: train(`${trainingRows(4)}x,${privateWords},2,0\n`),
    says: ['train.csv, row 5 (line 6), column "joy"', 'not 0 or 1', 'written so'],
  },
  'a label that is NaN': {
    spoil: train(`${trainingRows(4)}x,${privateWords},0,NaN\n`),
    says: ['train.csv, row 5 (line 6), column "fear"', 'missing value', 'written so'],
  },
  'an empty file': { spoil: train(''), says: ['train.csv', 'the file is empty', 'a header and rows'] },
  'a header without rows': { spoil: train(header), says: ['train.csv', 'no rows', 'at least one row'] },
  'a quote that is never closed': {
    spoil: train(`${trainingRows(4)}x,"${privateWords},0,1\ny,${privateWords},1,0\n`),
    says: ['train.csv, row 5 (line 6)', 'never closed', 'Close it'],
  },
  'a quote in the middle of a cell': {
    spoil: train(`${trainingRows(4)}x,${privateWords} "so",0,1\n`),
    says: ['train.csv, row 5 (line 6)', 'a quote stands inside a cell', 'Put the whole cell in quotes'],
  },
  'a row with a cell too many': {
    spoil: train(`${trainingRows(4)}x,${privateWords}, and more,0,1\n`),
    says: ['train.csv, row 5 (line 6)', 'too long', '4 cells', 'in quotes'],
  },
  'Latin-1 bytes': {
    spoil: train(Buffer.from(`${trainingRows(4)}x,${privateWords} caf\xe9,0,1\n`, 'latin1')),
    says: ['train.csv, line 6', 'not UTF-8', 'Save it as CSV UTF-8'],
  },
  'a NUL byte': {
    spoil: train(`${trainingRows(4)}x,${privateWords}\0,0,1\n`),
    says: ['train.csv, line 6', 'NUL byte', 'Export the table again'],
  },
  'the same id twice': {
    spoil: train(`${trainingRows(4)}r1,${privateWords},0,1\n`),
    says: ['train.csv, row 5 (line 6), column "id"', 'the same as in row 2 (line 3)', 'data.id'],
  },
  'more folds than rows': {
    spoil: train(trainingRows(4)),
    set: ['folds.count=5'],
    says: ['folds.count', 'more folds than training rows', 'at most 4', 'fewer folds'],
  },
  'rows without a header': {
    spoil: train(trainingRows(8).replace(header, '')),
    says: ['train.csv', 'the first row looks like data', 'a header', 'Put a header above it'],
  },
  semicolons: {
    spoil: train(trainingRows(8).replaceAll(',', ';')),
    says: ['train.csv', 'separated by semicolons', 'expected commas', 'Save it as CSV with commas'],
  },
  'an id column that is set and not there': {
    spoil: yaml('test: test.csv', 'test: test.csv, id: row'),
    says: ['train.csv', 'there is no id column', 'expected "row"', 'Correct data.id'],
  },
  'more folds than rows of any class': {
    spoil: train(trainingRows(8)),
    set: ['folds.count=5'],
    says: ['folds.count', 'every combination of labels', 'at most 3', 'fewer folds'],
  },
  'no training file': {
    spoil: ({ folder }) => rmSync(join(folder, 'train.csv')),
    says: ['train.csv', 'no such file', 'data.train'],
  },
  'no test file': {
    spoil: ({ folder }) => rmSync(join(folder, 'test.csv')),
    says: ['test.csv', 'no such file', 'data.test'],
  },
};

const checkpoint = (change: (folder: string, project: SmallProject) => void) => (project: SmallProject) => {
  project.model('checkpoint: ./model');
  change(project.copy(tiny, 'model'), project);
};
const config = (changes: object) =>
  checkpoint((folder, project) => {
    const settings = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
    project.write('model/config.json', JSON.stringify({ ...settings, ...changes }));
  });
const weights = readFileSync(join(goldens, 'models/bert/model.safetensors'));

/** A pickle that calls `os.system` to make a file, under protocol 2. */
function pickleOf(file: string): Buffer {
  const shell = Buffer.from(`touch ${file}`);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(shell.length);
  const start = Buffer.from('\x80\x02cos\nsystem\nX', 'latin1');
  return Buffer.concat([start, length, shell, Buffer.from('\x85R.', 'latin1')]);
}

const models: Readonly<Record<string, Case>> = {
  'a folder of a model that is not there': {
    spoil: (project) => project.model('checkpoint: ./model'),
    says: ['model.checkpoint', /no folder "\S+model"\)/, 'Set model.checkpoint'],
  },
  'a folder without weights': {
    spoil: checkpoint((folder) => rmSync(join(folder, 'pytorch_model.bin'))),
    says: [/\/model: /, 'lacks model.safetensors or pytorch_model.bin', 'Set model.checkpoint'],
  },
  'a folder without a tokenizer': {
    spoil: checkpoint((folder) => rmSync(join(folder, 'spm.model'))),
    says: [/\/model: /, 'the model folder has no tokenizer', 'tokenizer.json, spm.model, vocab.txt'],
  },
  'safetensors cut short': {
    spoil: checkpoint((folder, project) => {
      rmSync(join(folder, 'pytorch_model.bin'));
      project.write('model/model.safetensors', weights.subarray(0, weights.length - 1000));
    }),
    says: ['model.safetensors', 'truncated', 'copy the checkpoint again'],
  },
  'a family that is not supported': {
    spoil: config({ model_type: 'gpt2' }),
    says: ['model/config.json model_type', 'not supported', '"gpt2"', 'one of bert, ', 'Choose a checkpoint'],
  },
  'a tokenizer with more tokens than the embedding has rows': {
    spoil: config({ vocab_size: 100 }),
    says: [/\/model: /, 'too few rows', 'found 100', 'at least 401', 'Use the tokenizer'],
  },
  'weights of other shapes than the configuration': {
    spoil: config({ intermediate_size: 48 }),
    says: [/\/model: /, 'intermediate.dense.weight', '[64, 32] instead of [48, 32]', 'belong together'],
  },
  'a hub that cannot be reached': {
    spoil: (project) => project.model('checkpoint: someone/model'),
    env: { HF_ENDPOINT: 'http://127.0.0.1:closed' },
    says: ['someone/model', 'cannot be downloaded', 'ECONNREFUSED', 'to a local folder', 'HF_ENDPOINT'],
  },
  'a name that the hub does not know': {
    spoil: (project) => project.model('checkpoint: someone/model'),
    env: { HF_ENDPOINT: 'hub' },
    says: ['someone/model', 'no model of this name', 'Check the name', 'to a local folder'],
  },
};

const files: Readonly<Record<string, Case>> = {
  'YAML that cannot be read': {
    spoil: yaml('labels: [joy, fear]', 'labels: [joy, fear'),
    says: [/pipeline\.yaml:\d+:\d+/],
  },
  'a misspelt key and a wrong value': {
    spoil: (project) => {
      yaml('maxLength', 'maxLenght')(project);
      yaml('epochs: 8', 'epochs: many')(project);
    },
    says: [
      '2 faults',
      /pipeline\.yaml:5:\d+ model\.maxLenght: .*did you mean "maxLength"/,
      /pipeline\.yaml:6:\d+ training\.epochs: found .*many.*, expected/,
    ],
  },
  'a wrong value by --set': {
    spoil: nothing,
    set: ['training.epochs=0'],
    says: ['--set training.epochs', 'found 0', 'expected'],
  },
  'steps that wait for each other': {
    spoil: yaml(
      /$/,
      'steps:\n  data: { run: prepareData, needs: [fold] }\n  fold: { run: trainFold, needs: [data], matrix: { fold: all } }\n',
    ),
    says: [/pipeline\.yaml:\d+:\d+ steps\.\S+: /, 'data', 'steps that do not wait for each other'],
  },
  'no pipeline': {
    spoil: ({ pipeline }) => rmSync(pipeline),
    says: ['pipeline.yaml', 'no such file', 'Give the path of a pipeline'],
  },
};

/** A port that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// A process for each claim, on a machine that may be busy.
describe.skipIf(!built)(`foldwise run${withoutBuild}`, { timeout: 120_000 }, () => {
  let hub: HubServer;
  let closed: string;
  const folders: string[] = [];
  beforeAll(async () => {
    hub = await serveHub({});
    closed = `http://127.0.0.1:${await closedPort()}`;
  });
  afterAll(async () => {
    await hub.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const project = (): SmallProject => {
    const made = new SmallProject();
    folders.push(made.folder);
    return made;
  };
  /** Where a command went on to the server, it would fail there and say so. */
  const run = (
    { pipeline, folder, workdir }: SmallProject,
    { set = [], env = {} }: Partial<Case>,
    ...more: string[]
  ) => {
    const overrides = set.flatMap((value) => ['--set', value]);
    return foldwise(['run', pipeline, '--workdir', workdir, ...overrides, ...more], {
      TEMPORAL_ADDRESS: new URL(closed).host,
      HF_HOME: join(folder, 'hub'),
      ...env,
      ...(env['HF_ENDPOINT'] === undefined
        ? {}
        : { HF_ENDPOINT: env['HF_ENDPOINT'] === 'hub' ? hub.url : closed }),
    });
  };
  const refuses = async (spoilt: SmallProject, each: Case): Promise<void> => {
    each.spoil(spoilt);
    const before = readdirSync(spoilt.folder);
    const { code, out, err } = await run(spoilt, each);
    expect(err).toMatch(/^error: /);
    for (const words of each.says) expect(err).toMatch(words);
    expect(err.match(/^error: /gm)).toHaveLength(1);
    expect(err.split('\n').filter((line) => /^\s+at |node:|\.js:\d/.test(line))).toEqual([]);
    expect(err).not.toContain(privateWords);
    expect([code, out]).toEqual([1, '']);
    expect(readdirSync(spoilt.folder)).toEqual(before);
  };

  describe('says in one message what is wrong with a table, and writes nothing:', () => {
    it.concurrent.each(Object.entries(tables))('%s', (_, each) => refuses(project(), each));
  });

  describe('says in one message what is wrong with a model, and writes nothing:', () => {
    it.concurrent.each(Object.entries(models))('%s', (_, each) => refuses(project(), each));

    it('a hostile pickle, of which nothing runs', async () => {
      const spoilt = project();
      const marker = join(spoilt.folder, 'it-ran');
      await refuses(spoilt, {
        spoil: checkpoint(
          () =>
            void spoilt.write(
              'model/pytorch_model.bin',
              zip([
                { name: 'm/data.pkl', bytes: pickleOf(marker) },
                { name: 'm/version', bytes: Buffer.from('3') },
              ]),
            ),
        ),
        says: ['pytorch_model.bin', '"os.system"'],
      });
      expect(existsSync(marker)).toBe(false);
    });
  });

  describe('says in one message what is wrong with the pipeline, and writes nothing:', () => {
    it.concurrent.each(Object.entries(files))('%s', (_, each) => refuses(project(), each));
  });

  it('shows the stack of an error only with --debug', async () => {
    const spoilt = project();
    spoilt.write('train.csv', header);
    const { code, err } = await run(spoilt, {}, '--debug');
    expect(err).toMatch(/TableFault: .*no rows[^]*\n +at .*readTextRows/);
    expect(code).toBe(1);
  });

  it.skipIf(!canRun)(
    `completes with a label that never occurs and with empty texts, and warns of both${withoutRuns}`,
    async () => {
      const odd = project();
      odd.write('train.csv', `${trainingRows(40).replaceAll(/,1\n/g, ',0\n')}x,,1,0\n`);
      const { code, out, err } = await foldwise(['run', odd.pipeline, '--workdir', odd.workdir]);
      expect(err).not.toMatch(/^error/m);
      expect(out).toMatch(/warning: .*train\.csv: the label "fear" never occurs/);
      expect(out).toMatch(/warning: .*train\.csv: 1 of 41 texts are empty/);
      expect(out).toMatch(/^fear( +0\.000){3} +0\.50 +0$/m);
      expect(out).toContain('warning: The label "fear" could not be tuned');
      expect(out + err).not.toContain(privateWords);
      expect(code).toBe(0);
    },
  );
});
