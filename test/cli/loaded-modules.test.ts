import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadedFiles } from '../setup/loaded-files.js';
import { built, withoutBuild } from './built-command-line.js';
import { SmallProject } from './small-project.js';

const main = 'cli/main.js';
/** What does a command's work; the names of devices are those of options. */
const work =
  /^(?:activities|cli\/actions|data\/(?!text-stream\/format)|engine\/(?!training\/signature|device\/(?:choice|device)\.js)|pipeline|report|store\/(?!faults|s3\/address)|tasks|workflows|worker\/(?!versions|deployment))/;

describe.skipIf(!built)(`what is loaded${withoutBuild}`, { timeout: 120_000 }, () => {
  let project: SmallProject;
  beforeAll(() => {
    project = new SmallProject();
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it.each([[['--version']], [['--help']], [['run', '--help']], [['schedule', 'create', '--help']]])(
    'by %j are the names and options of the commands, and nothing of their work',
    async (args) => {
      const { code, ours, packages } = await loadedFiles(main, ...args);
      expect(code).toBe(0);
      expect(packages).toEqual(['commander']);
      expect(ours).toContain('cli/commands/run.js');
      expect(ours.filter((file) => work.test(file))).toEqual([]);
    },
  );

  it('of the SDK for S3 is nothing where the store is a folder, and it is what works with one that is not', async () => {
    const args = [main, 'plan', project.pipeline, '--workdir', project.workdir];
    const ofSdk = (packages: readonly string[]): string[] =>
      packages.filter((name) => /^@(aws-sdk|smithy)\//.test(name));
    expect(ofSdk((await loadedFiles(...(args as [string]))).packages)).toEqual([]);
    // Nothing says in which region that is: nobody is asked.
    for (const name of [
      'AWS_REGION',
      'AWS_DEFAULT_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_ENDPOINT_URL_S3',
      'AWS_PROFILE',
    ])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_CONFIG_FILE', join(project.folder, 'none'));
    const elsewhere = await loadedFiles(...(args as [string]), '--store', 's3://nowhere/x');
    vi.unstubAllEnvs();
    expect(ofSdk(elsewhere.packages)).toContain('@aws-sdk/client-s3');
  });

  it('by `config` is the pipeline', async () => {
    const { code, ours, packages } = await loadedFiles(main, 'config', project.pipeline);
    expect([code, packages]).toEqual([0, ['commander', 'yaml', 'zod']]);
    expect(
      ours.filter((file) =>
        /^(?:activities|engine\/(?!training\/signature|device\/(?:choice|device)\.js)|report|store\/(?!faults|s3\/address)|workflows)/.test(
          file,
        ),
      ),
    ).toEqual([]);
  });

  it.each([
    ['plan', (): string[] => [project.pipeline], 0],
    ['plan', (): string[] => [join(project.folder, 'absent.yaml')], 1],
    [
      'init',
      (): string[] => [join(project.folder, 'train.csv'), '--output', join(project.folder, 'suggested.yaml')],
      0,
    ],
  ])('by `%s` is neither Temporal nor the runtime, nor what draws', async (command, args, exit) => {
    const { code, ours, packages } = await loadedFiles(
      main,
      command,
      ...args(),
      '--workdir',
      project.workdir,
    );
    expect(code).toBe(exit);
    expect(packages.filter((name) => !['commander', 'csv-parse', 'yaml', 'zod'].includes(name))).toEqual([]);
    expect(ours.filter((file) => /^cli\/actions\//.test(file))).toEqual([`cli/actions/${command}.js`]);
    expect(ours.filter((file) => /^(?:workflows|report\/(?:plots|sections|page))/.test(file))).toEqual([]);
  });

  it('by `run` of an input that is wrong is neither Temporal nor the runtime', async () => {
    const absent = join(project.folder, 'absent.yaml');
    const { code, ours, packages } = await loadedFiles(main, 'run', absent, '--workdir', project.workdir);
    expect(code).toBe(1);
    expect(packages.filter((name) => /temporal|grpc|protobuf|onnx|koffi|plot|linkedom/.test(name))).toEqual(
      [],
    );
    expect(ours.filter((file) => /^(?:workflows|report\/(?:plots|sections|page))/.test(file))).toEqual([]);
  });

  it('by `predict` is neither Temporal nor the runtime: its models run in processes of their own', async () => {
    const { code, packages } = await loadedFiles(
      main,
      'predict',
      'latest',
      'texts.csv',
      '--workdir',
      project.workdir,
    );
    expect(code).toBe(1);
    expect(
      packages.filter((name) => /temporal|grpc|protobuf|koffi|tokenizers|plot|linkedom|arquero/.test(name)),
    ).toEqual([]);
  });

  it.each([
    ['trainer-child', ['tokenizers', 'zod'], /^(?:activities|cli|data\/csv|report|store|workflows|infra)/],
    ['engine-child', [], /^(?:activities|cli|data|engine|pipeline|report|workflows|infra)/],
    ['tables-child', [], /^(?:cli|data|engine|pipeline|report|workflows|infra)/],
  ])('by %s is what each of its requests needs', async (child, needs, forbidden) => {
    const { code, ours, packages } = await loadedFiles(`worker/${child}.js`);
    expect([code, packages]).toEqual([0, needs]);
    expect(ours.filter((file) => forbidden.test(file))).toEqual([]);
  });
});
