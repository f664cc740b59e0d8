import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { thisMachine } from '../../worker/machine.js';
import { compare } from './compare.js';
import { benchOnDevice, oneDevice, usualPrecision } from './device/command.js';
import { precisions, type Precision } from './device/compare.js';
import type { DeviceSummary } from './device/summary.js';
import type { DeviceName } from '../../engine/device/device.js';
import type { NetworkName } from './networks.js';
import { networkNames, networks, usualNetworks } from './networks.js';
import type { Python } from './pytorch.js';
import { findPython } from './pytorch.js';
import type { SampleFacts } from './sample.js';
import { readSample } from './sample.js';
import type { Summary } from './summary.js';
import { summarise } from './summary.js';
import { table } from './table.js';

interface StepOptions {
  readonly model: NetworkName | 'both';
  readonly batches: number;
  readonly data?: string;
  readonly python: string;
  readonly threads: number;
  readonly device?: DeviceName;
  readonly precision?: Precision;
  readonly turns: number;
  readonly json?: true;
}

/** `step`: seconds of a training step, ours and PyTorch's, in turns. */
export function addStep(program: Command): void {
  program
    .command('step')
    .description("Times a training step, ours and PyTorch's in turns on the same batches.")
    .addOption(new Option('--model <name>', 'the network').choices([...networkNames, 'both']).default('both'))
    .option('--batches <n>', 'batches of 16 texts', positive, 8)
    .option('--data <file>', "a training file; by default the sample's, else the quick start's")
    .option(
      '--python <command>',
      'a Python with PyTorch (also FOLDWISE_PYTHON)',
      process.env['FOLDWISE_PYTHON'] ?? 'python3',
    )
    .option('--threads <n>', 'of each side', positive, thisMachine().processors)
    .option('--device <name>', 'of both sides: cpu, webgpu, cuda or cuda:1', oneDevice)
    .addOption(
      new Option('--precision <name>', 'with --device; by default float16 on CUDA').choices([...precisions]),
    )
    .option('--turns <n>', 'with --device: trainings on all batches', positive, 3)
    .option('--json', 'print JSON')
    .action(runStep);
}

interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  /** Over 1, 5 and 15 minutes, before the first step: what others did on the machine. */
  readonly loadAverage: readonly number[];
}

async function runStep(options: StepOptions): Promise<void> {
  const machine = describeMachine();
  const python = await findPython(options.python);
  // npm runs a script in the package's folder, but a path is relative to where the person is.
  const data =
    options.data === undefined ? null : resolve(process.env['INIT_CWD'] ?? process.cwd(), options.data);
  const { file, facts } = await readSample(data, options.batches);
  const head = { machine, threads: options.threads, python, sample: facts };
  if (options.json === undefined) console.log(`${preamble(head).join('\n')}\n`);
  const found = (text: string): void => {
    if (options.json === undefined) console.log(`\n${text}\n`);
  };
  const summaries: (Summary | DeviceSummary)[] = [];
  for (const name of options.model === 'both' ? usualNetworks : [options.model]) {
    const comparison = {
      network: networks[name],
      batches: file,
      python,
      threads: options.threads,
      progress: (line: string) => console.error(line),
    };
    const { device, turns } = options;
    if (device === undefined) {
      const summary = summarise(await compare(comparison), file);
      summaries.push(summary);
      found(table(summary));
    } else {
      const { precision = usualPrecision(device) } = options;
      summaries.push(await benchOnDevice({ ...comparison, device, precision, turns }, found));
    }
  }
  if (options.json === true) console.log(JSON.stringify({ ...head, networks: summaries }, null, 2));
  else if ('missing' in python) console.log(nothingCompared(python.missing));
}

function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: thisMachine().processors,
    memoryBytes: thisMachine().bytes,
    node: process.version,
    loadAverage: loadavg(),
  };
}

interface Head {
  readonly machine: Machine;
  readonly threads: number;
  readonly python: Python;
  readonly sample: SampleFacts;
}

function preamble({ machine, threads, python, sample }: Head): string[] {
  const { cpu, cores, memoryBytes, loadAverage } = machine;
  const load = loadAverage.map((value) => value.toFixed(1)).join(' ');
  const busy = (loadAverage[0] ?? 0) > cores / 4;
  return [
    `machine    ${cpu}, ${cores} cores, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB; ${threads} threads a side`,
    `load       ${load} over 1, 5, 15 minutes${busy ? ': others use this machine, so trust no number here' : ''}`,
    `PyTorch    ${'missing' in python ? nothingCompared(python.missing) : python.torch}`,
    `texts      ${sample.data}: ${sample.texts}, ${sample.meanTokens.toFixed(1)} tokens each on average`,
    `tokens     ${sample.tokenizer}, for both networks; ${sample.vocabulary} distinct in the whole file`,
    ...sample.notes.map((note) => `note       ${note} The targets are stated for it.`),
  ];
}

function nothingCompared(reason: string): string {
  return `missing (${reason}): nothing is compared, our side runs alone. See bench/README.md.`;
}

function positive(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 9999.');
}
