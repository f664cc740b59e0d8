import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { thisMachine } from '../../worker/machine.js';
import { onLeaving } from '../leaving.js';
import { startOwnServer } from '../own-server.js';
import { miniLm, quickstart, type Subject } from '../faults/subject.js';
import { S3Server } from '../s3/s3-server.js';
import { bucket, measureRun, type Place, type RunMeasurement } from './measure.js';
import { summarise, table, type Summary, type Turn } from './summary.js';

const pipelines = ['quickstart', 'minilm'] as const;

interface StoreOptions {
  readonly pipeline: readonly (typeof pipelines)[number][];
  readonly turns: number;
  readonly threads: number;
  readonly quick?: true;
  readonly json?: true;
}

/** `store`: what a pipeline costs on S3 and on a folder, in turns. */
export function addStore(program: Command): void {
  program
    .command('store')
    .description('Runs the quick start and folds of MiniLM on a folder and on an S3 server here, in turns.')
    .addOption(new Option('--pipeline <names...>', 'what is run').choices(pipelines).default(pipelines))
    .option('--turns <n>', 'of each side', positive, 3)
    .option('--threads <n>', 'of the training', positive, thisMachine().processors)
    .option('--quick', 'one turn of two short folds each')
    .option('--json', 'print JSON')
    .action(runStore);
}

/** Two folds, one after the other, are the least that a pipeline has. */
const folds = 2;

async function runStore(options: StoreOptions): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  const facts = {
    ...{ cpu: cpus()[0]?.model, processors: thisMachine().processors, threads: options.threads },
    ...{ loadAverage: loadavg(), server: 'versitygw' },
  };
  const say = (line: string): void => void (options.json ?? console.log(line));
  say(`cpu     ${facts.cpu}, ${facts.processors} processors, ${facts.threads} threads`);
  say(`load    ${facts.loadAverage.map((value) => value.toFixed(1)).join(' ')} over 1, 5, 15 minutes`);
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-store-'));
  onLeaving(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const summaries = await within(folder, options, say);
  if (options.json === true) console.log(JSON.stringify({ ...facts, pipelines: summaries }, null, 2));
  if (summaries.some(({ differing }) => differing.length > 0)) process.exitCode = 1;
}

async function within(
  folder: string,
  options: StoreOptions,
  say: (line: string) => void,
): Promise<Summary[]> {
  const onMessage = (message: string): void => console.error(message);
  const s3 = await S3Server.start('versitygw', join(folder, 'objects'), { onMessage });
  const server = await startOwnServer({ workdir: folder, onMessage });
  const place: Place = { folder, server, s3 };
  const summaries: Summary[] = [];
  try {
    await s3.makeBucket(bucket);
    for (const { what, subject } of measured(folder, options, say)) {
      const turns: Turn[] = [];
      for (let turn = 0; turn < (options.quick === true ? 1 : options.turns); turn++) {
        turns.push(await bothSides(turn, { ...subject, threads: options.threads }, place));
        const [{ folder: ours, s3: theirs }] = turns.slice(-1) as [Turn];
        console.error(
          `${what}, pair ${turn + 1}: folder ${ours.seconds.toFixed(1)} s, s3 ${theirs.seconds.toFixed(1)} s`,
        );
      }
      const summary = summarise(what, turns);
      summaries.push(summary);
      say(`\n${table(summary)}`);
    }
  } finally {
    await server.stop();
    await s3.kill();
  }
  return summaries;
}

/** Who comes first changes with every turn. */
async function bothSides(turn: number, work: Subject & { threads: number }, place: Place): Promise<Turn> {
  const run = (side: 'folder' | 's3'): Promise<RunMeasurement> => measureRun(side, work, place);
  if (turn % 2 === 0) return { folder: await run('folder'), s3: await run('s3') };
  const s3 = await run('s3');
  return { folder: await run('folder'), s3 };
}

/** Each as it is, and with so many checkpoints that some are on their way most of the time. */
function measured(
  folder: string,
  { pipeline, quick }: StoreOptions,
  say: (line: string) => void,
): { readonly what: string; readonly subject: Subject }[] {
  const small = pipeline.includes('minilm') ? miniLm(join(folder, 'tables')) : null;
  if (pipeline.includes('minilm') && small === null)
    say('\nThe folds of MiniLM are left out: texts and model are not in ../shared.');
  const subjects = [
    ...(pipeline.includes('quickstart') ? [{ name: 'quick start', subject: quickstart() }] : []),
    ...(small === null ? [] : [{ name: `MiniLM, ${folds} folds`, subject: shorter(small, folds) }]),
  ];
  return subjects.flatMap(({ name, subject }) => {
    const chosen = quick === true ? shorter(subject, folds, 2) : subject;
    const { checkpointEvery } = subject;
    return [
      { what: name, subject: chosen },
      {
        what: `${name}, a checkpoint every ${checkpointEvery} s`,
        subject: withTraining(chosen, { checkpointEvery }),
      },
    ];
  });
}

function shorter(subject: Subject, count: number, epochs = subject.pipeline.training.epochs): Subject {
  const { pipeline } = subject;
  return withTraining(
    { ...subject, pipeline: { ...pipeline, folds: { ...pipeline.folds, count } } },
    { epochs },
  );
}

function withTraining(subject: Subject, changes: Partial<Pipeline['training']>): Subject {
  const { pipeline } = subject;
  return { ...subject, pipeline: { ...pipeline, training: { ...pipeline.training, ...changes } } };
}

function positive(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 999.');
}
