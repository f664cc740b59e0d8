import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, type Command } from 'commander';
import { Ensemble } from '../../ensemble/ensemble.js';
import { thisMachine } from '../../worker/machine.js';
import { root } from '../root.js';
import { findPython } from '../step/pytorch.js';
import { joined, load, percentile, type KnownTexts, type Load } from './load.js';
import { madeSample, type ServedSample } from './sample.js';
import { Service } from './service.js';
import { transformersJsFolder, transformersJsService } from './transformers-js.js';

interface ServeOptions {
  readonly connections: number;
  readonly seconds: number;
  readonly turns: number;
  readonly texts: number;
  readonly threads: number;
  readonly python: string;
  readonly alone?: true;
  readonly json?: true;
}

/** `serve`: what services answer under load, ours, transformers.js and PyTorch in turns. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('Asks our server, transformers.js and PyTorch behind HTTP by many connections, in turns.')
    .option('--connections <n>', 'at once', positive, 200)
    .option('--seconds <n>', 'of each side, all turns together', positive, 60)
    .option('--turns <n>', 'of each side', positive, 3)
    .option('--texts <n>', 'of a request, from 1 up to so many', positive, 4)
    .option('--threads <n>', 'of each side', positive, thisMachine().processors)
    .option(
      '--python <command>',
      'a Python with PyTorch and transformers (also FOLDWISE_PYTHON)',
      process.env['FOLDWISE_PYTHON'] ?? 'python3',
    )
    .option('--alone', 'our side alone')
    .option('--json', 'print JSON')
    .action(runServe);
}

interface Measured {
  readonly name: string;
  readonly load: Load;
}

async function runServe(options: ServeOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-serve-'));
  const services: Service[] = [];
  const loadAverage = loadavg();
  try {
    const sample = await madeSample(folder, options.threads);
    const known = await knownTexts(sample, options.threads);
    const { services: started, missing } = await startAll(sample, options);
    services.push(...started);
    const measured = await inTurns(services, known, options);
    const facts = { cpu: cpus()[0]?.model, loadAverage, ...options, ...sample.facts, missing };
    if (options.json === true)
      console.log(JSON.stringify({ ...facts, sides: measured.map(summary) }, null, 2));
    else console.log([...preamble(facts), '', table(measured), ...measured.flatMap(lossLines)].join('\n'));
    const [ours] = measured;
    if (ours === undefined || ours.load.lost + ours.load.wrong > 0) process.exitCode = 1;
  } finally {
    for (const service of services) await service.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the library says of the texts, before anybody asks a service. */
async function knownTexts({ definition, texts }: ServedSample, threads: number): Promise<KnownTexts> {
  const ensemble = await Ensemble.open(definition, { threads });
  const { probabilities } = await ensemble.score(texts);
  await ensemble.release();
  return { texts, probabilities, labels: definition.labels };
}

async function startAll(
  { definition }: ServedSample,
  { threads, python, alone }: ServeOptions,
): Promise<{ services: Service[]; missing: string[] }> {
  const ours = join(dirname(fileURLToPath(import.meta.url)), 'ours.js');
  const services = [
    await Service.start('foldwise serve', process.execPath, [ours, JSON.stringify({ definition, threads })]),
  ];
  if (alone === true) return { services, missing: [] };
  const missing: string[] = [];
  const [model] = definition.members[0]!.models;
  const settings = JSON.stringify({ ...model, labels: definition.labels, threads });
  const js = transformersJsFolder();
  if (js === null) missing.push('transformers.js: FOLDWISE_TRANSFORMERS_JS names no folder with it');
  else {
    const script = ['--input-type=module', '-e', transformersJsService, settings];
    services.push(await Service.start('transformers.js', process.execPath, script, js));
  }
  const found = await findPython(python);
  if ('missing' in found) missing.push(`PyTorch: ${found.missing}`);
  else {
    const script = [join(root, 'bench/serve/service.py'), settings];
    services.push(await Service.start(`PyTorch ${found.torch}`, found.command, script));
  }
  return { services, missing };
}

/** Of PyTorch and ONNX Runtime's own graph; of our server the last digits differ by what is scored together. */
const tolerance = 1e-5;
const warmUpSeconds = 1;

async function inTurns(
  services: readonly Service[],
  known: KnownTexts,
  { connections, seconds, turns, texts }: ServeOptions,
): Promise<Measured[]> {
  const loads = services.map((): Load[] => []);
  const settings = { known, connections, mostTexts: texts, tolerance };
  for (const { url } of services) await load({ ...settings, url, connections: 4, seconds: warmUpSeconds });
  for (let turn = 0; turn < turns; turn++) {
    for (const [side, { url, name }] of services.entries()) {
      loads[side]!.push(await load({ ...settings, url, seconds: seconds / turns }));
      console.error(`turn ${turn + 1} of ${turns}: ${name}`);
    }
  }
  return services.map(({ name }, side) => ({ name, load: joined(loads[side]!) }));
}

function summary({ name, load: { latencies, ...counts } }: Measured) {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share));
  return { name, ...counts, textsPerSecond: counts.texts / counts.seconds, p50, p95, p99 };
}

function preamble(
  facts: ServeOptions &
    ServedSample['facts'] & { cpu: string | undefined; loadAverage: number[]; missing: string[] },
): string[] {
  const { cpu, threads, loadAverage, model, data, connections, seconds, turns, texts, missing } = facts;
  return [
    `machine     ${cpu ?? 'unknown'}; ${threads} threads a side`,
    `load        ${loadAverage.map((value) => value.toFixed(1)).join(' ')} over 1, 5, 15 minutes before it began`,
    `model       ${model}; texts of ${data}`,
    `asked       by ${connections} connections for ${seconds} s a side in ${turns} turns, 1 to ${texts} texts a request`,
    ...missing.map((reason) => `missing     ${reason}`),
  ];
}

function table(measured: readonly Measured[]): string {
  const head = ['', 'texts/s', 'p50 ms', 'p95 ms', 'p99 ms', 'answers', 'refused', 'lost', 'wrong', 'worst'];
  const rows = measured
    .map(summary)
    .map((side) => [
      side.name,
      ...[side.textsPerSecond, side.p50, side.p95, side.p99].map((value) => (value ?? NaN).toFixed(0)),
      ...[side.answered, side.refused, side.lost, side.wrong].map(String),
      side.worst.toExponential(1),
    ]);
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n');
}

function lossLines({ name, load: { losses } }: Measured): string[] {
  return Object.entries(losses).map(([cause, count]) => `${name} lost ${count}: ${cause}`);
}

function positive(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 9999.');
}
