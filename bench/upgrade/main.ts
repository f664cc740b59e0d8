import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { Command } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { positiveInteger } from '../../cli/options.js';
import { tiny } from '../faults/subject.js';
import { onLeaving } from '../leaving.js';
import { buildCopy } from './build-copy.js';
import { upgrade, type Upgrade } from './upgrade.js';

interface Arguments {
  readonly runs: number;
  readonly slots: number;
}

const say = (message: string): void => console.error(message);

async function main({ runs, slots }: Arguments): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-upgrade-'));
  const keep = onLeaving(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const builds = {
    old: buildCopy(join(folder, 'old'), '0.0.1'),
    next: buildCopy(join(folder, 'next'), '0.0.2'),
  };
  const { pipeline, roots } = tiny();
  const found: Upgrade[] = [];
  for (const deployment of [null, 'foldwise']) {
    say(deployment === null ? 'Without versions:' : 'With versions:');
    const place = { folder: join(folder, deployment ?? 'unversioned'), deployment };
    found.push(await upgrade({ ...place, pipeline, roots, runs, slots, builds, onMessage: say }));
  }
  console.log(JSON.stringify(found, null, 2));
  const failed = found.some(
    (each) => each.same < each.runs || each.replayed < each.runs || each.inFlight < runs,
  );
  if (failed) {
    keep();
    say(`Something is not as it should be; what it left is in ${folder}`);
  }
  process.exitCode = failed ? 1 : 0;
}

await new Command('upgrade')
  .description(
    'Replaces the workers of runs in flight by those of another build, with and without versions, and compares what the runs give with one that nobody disturbed, bit by bit.',
  )
  .option('--runs <number>', 'in flight', positiveInteger, 10)
  .option('--slots <number>', 'folds that a worker trains at once', positiveInteger, 2)
  .action(main)
  .parseAsync(process.argv);
