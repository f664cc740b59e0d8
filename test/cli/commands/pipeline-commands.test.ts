import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PipelineFault } from '../../../pipeline/problem.js';
import { TableFault } from '../../../data/table-fault.js';
import { modelTypes } from '../../../engine/models/families.js';
import { run } from '../capture.js';

const quickstart = 'examples/quickstart/pipeline.yaml';
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foldwise-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('foldwise config', () => {
  it("prints the workflow's input with every default and every path resolved", async () => {
    const { pipeline } = JSON.parse((await run('config', quickstart)).out) as {
      pipeline: Record<string, unknown>;
    };
    expect(pipeline).toMatchObject({
      name: 'quickstart',
      data: { train: join(process.cwd(), 'examples/quickstart/train.csv') },
      training: { weightDecay: 0.01, checkpointEvery: null },
    });
    expect(Object.keys(pipeline['steps'] as object)).toEqual([
      'data',
      'fold',
      'oof',
      'thresholds',
      'submission',
      'report',
    ]);
  });

  it('applies each --set', async () => {
    const { out } = await run('config', quickstart, '--set', 'training.epochs=2', '--set', 'folds.count=3');
    expect(JSON.parse(out)).toMatchObject({ pipeline: { training: { epochs: 2 }, folds: { count: 3 } } });
  });

  it('refuses a --set without a value, and a path that does not exist', async () => {
    await expect(run('config', quickstart, '--set', 'training.epochs')).rejects.toThrow('path=value');
    await expect(run('config', quickstart, '--set', 'training.epochz=2')).rejects.toThrow(PipelineFault);
  });
});

describe('foldwise plan', () => {
  it('draws the steps, counts the work and writes nothing', async () => {
    const { out } = await run('plan', quickstart, '--workdir', folder, '--set', 'training.epochs=4');
    expect(out).toContain('600 training rows, 120 test rows, 5 labels');
    expect(out).toMatch(/data +prepareData\n└─ fold × 5 +trainFold.*\n {3}└─ oof +aggregateOof/);
    expect(out).toContain('600 optimizer steps to train');
    expect(await readdir(folder)).toEqual([]);
  });

  it('prints the same facts as JSON', async () => {
    const plan = JSON.parse(
      (await run('plan', quickstart, '--json', '--workdir', folder, '--set', 'training.epochs=4')).out,
    ) as object;
    expect(plan).toMatchObject({
      rows: { train: 600, test: 120 },
      estimate: { optimizerSteps: 600, seconds: null, judgedBy: null },
    });
  });

  it('fails where a model cannot pool as it is told', async () => {
    const planned = run('plan', quickstart, '--workdir', folder, '--set', 'model.pooling=mean');
    await expect(planned).rejects.toThrow(
      /^model\.pooling: .*'deberta-v2' .*found mean; expected auto, or a model of modernbert/,
    );
    await run('plan', quickstart, '--workdir', folder, '--set', 'model.pooling=auto');
  });

  it('fails at a wrong table before anything runs', async () => {
    const train = join(folder, 'train.csv');
    await writeFile(train, 'id,text,anger,fear,joy,sadness\n1,hello,0,0,1,0\n');
    await expect(run('plan', quickstart, '--set', `data.train=${train}`)).rejects.toThrow(TableFault);
    await rm(train);
  });
});

describe('the examples of the families', () => {
  const examples = readdirSync('examples/families').filter((name) => name.endsWith('.yaml'));

  it('are one for each family', () => {
    expect(examples.map((name) => name.replace('.yaml', '')).sort()).toEqual([...modelTypes].sort());
  });

  it.each(examples)('can be planned without a network: %s', async (name) => {
    const { out, err } = await run('plan', `examples/families/${name}`, '--workdir', folder);
    expect(out).toMatch(/600 training rows, 120 test rows, 5 labels/);
    expect(out).toMatch(/\n[\w-]+\/[\w.-]+, at most \d+ tokens, 5 folds, 3 epochs/);
    expect(err).toBe('');
  });
});

it('the example in several languages can be planned without a network', async () => {
  const { out, err } = await run('plan', 'examples/multilingual/pipeline.yaml', '--workdir', folder);
  expect(out).toMatch(/256 training rows, 32 test rows, 3 labels/);
  expect(out).toMatch(/FacebookAI\/xlm-roberta-base, at most 64 tokens, 5 folds, 4 epochs/);
  expect(err).toBe('');
});

it('a matrix over more than folds is planned with its members', async () => {
  const { out } = await run('plan', 'examples/ensemble/pipeline.yaml', '--workdir', folder);
  expect(out).toMatch(/6 members .*training\.seed × 3, model\.scratch\.type × 2\).*seed-42_type-bert, /);
  expect(out).toMatch(/fold × 30 +trainFold/);
});

describe('the help', () => {
  it('has a line for every command and says what each takes', async () => {
    const listing = await help();
    const names = [...listing.matchAll(/^ {2}([a-z]+)(?: |$).*\S{3}/gm)].map(([, name]) => name ?? '');
    expect(names).toEqual(expect.arrayContaining(['plan', 'config', 'start', 'watch', 'status', 'schedule']));
    for (const name of names.filter((each) => each !== 'help')) {
      const text = await help(name);
      expect(text, name).toMatch(/^Usage: foldwise/);
      expect(text, name).toContain('--workdir');
    }
  });

  it('comes with the nearest command for one that does not exist', async () => {
    await expect(run('plann')).rejects.toThrow("unknown command 'plann'");
  });
});

async function help(...command: readonly string[]): Promise<string> {
  const written: string[] = [];
  const { createProgram } = await import('../../../cli/program.js');
  const console = { print: (text: string) => void written.push(text), note: () => undefined };
  await createProgram(console)
    .parseAsync(['node', 'foldwise', ...command, '--help'])
    .catch(() => undefined);
  return written.join('\n');
}
