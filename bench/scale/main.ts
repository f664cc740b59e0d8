import { WorkflowFailedError } from '@temporalio/client';
import { Command, InvalidArgumentError } from 'commander';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOwnServer } from '../own-server.js';
import { limits } from './history.js';
import { measureScoring } from './score.js';
import { measureScale, type ScaleMeasurement } from './measure.js';

interface Options {
  readonly folds: number;
  readonly workers: number;
  readonly epochs: number;
  readonly json?: true;
}

const program = new Command('scale')
  .description('Runs folds that take no time over many workers, and says what orchestration costs.')
  .option('--folds <n>', 'of the pipeline', positive, 200)
  .option('--workers <n>', 'each trains one fold at a time', positive, 20)
  .option('--epochs <n>', 'of each fold', positive, 4)
  .option('--json', 'print JSON')
  .action(run);
program
  .command('score')
  .description(
    'Scores a table by a tiny model, killed again and again, and holds what it wrote against predict.',
  )
  .option('--rows <n>', 'of the table', positiveMillions, 1_000_000)
  .option('--kills <n>', 'how often all its processes are killed', count, 10)
  .action(async ({ rows, kills }: { rows: number; kills: number }) => {
    const found = await measureScoring(rows, kills);
    console.log(JSON.stringify(found, null, 2));
    if (!found.same) throw new Error('the scoring wrote other bytes than predict');
  });
try {
  await program.parseAsync(process.argv);
} catch (error) {
  const reason = error instanceof WorkflowFailedError ? error.cause : error;
  console.error(reason instanceof Error ? `error: ${reason.message}` : reason);
  process.exitCode = 1;
}

async function run({ folds, workers, epochs, json }: Options): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  const workdir = await mkdtemp(join(tmpdir(), 'foldwise-scale-server-'));
  const onMessage = (message: string): void => console.error(message);
  const server = await startOwnServer({ workdir, onMessage });
  try {
    const measured = await measureScale({ server, folds, workers, epochs });
    console.log(json === true ? JSON.stringify(measured, null, 2) : table(measured));
  } finally {
    await server.stop();
    await rm(workdir, { recursive: true, force: true });
  }
}

function table(measured: ScaleMeasurement): string {
  const { folds, workers, epochs, seconds, events, historyBytes, largestPayloadBytes } = measured;
  const share = (value: number, limit: number): string =>
    `${((100 * value) / limit).toFixed(1)} % of the limit`;
  return [
    `${folds} instant folds of ${epochs} epochs, ${workers} workers`,
    `seconds          ${seconds.toFixed(1)}, ${((1000 * seconds) / folds).toFixed(0)} ms a fold`,
    `events           ${events}, ${(events / folds).toFixed(1)} a fold, ${share(events, limits.events)}`,
    `history          ${historyBytes} bytes, ${(historyBytes / folds).toFixed(0)} a fold, ${share(historyBytes, limits.historyBytes)}`,
    `largest message  ${largestPayloadBytes} bytes, ${share(largestPayloadBytes, limits.payloadBytes)}`,
    `a fold is told   ${measured.foldCallBytes} bytes`,
    `a fold gives     ${measured.foldOutputBytes} bytes`,
  ].join('\n');
}

function positiveMillions(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 on.');
}

function count(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 0 to 999.');
}

function positive(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 9999.');
}
