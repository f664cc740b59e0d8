import { Command, InvalidArgumentError, Option } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { positiveInteger } from '../../cli/options.js';
import { Dice } from '../dice.js';
import { quickstart, type Subject } from '../faults/subject.js';
import { runSubject } from '../faults/run.js';
import { campaign } from './campaign.js';
import { Cluster, type StoreKind } from './cluster.js';
import { faultKinds, type FaultKind } from './fault.js';
import { isolatedFolder, prepareNamespaces, runIsolated, unshareArguments } from './isolation.js';
import { obtainParts, type Parts } from './parts.js';
import type { Summary } from './summary.js';
import { tableOf } from './table.js';

interface Arguments {
  readonly faults: number;
  readonly seed: number;
  readonly store: StoreKind;
  readonly kinds?: readonly FaultKind[];
  readonly pause: number;
  readonly json?: boolean;
}

const say = (message: string): void => console.error(message);

/** Four folds on three hosts: one of them trains two. */
const folds = 4;

async function main(options: Arguments): Promise<void> {
  const folder = isolatedFolder();
  if (folder === null) return outside();
  const parts = await obtainParts(() => undefined);
  if (parts !== null) await inside(folder, parts, options);
}

/** Runs this command again in namespaces of its own, and removes what it wrote unless that shows what went wrong. */
async function outside(): Promise<void> {
  const parts = await obtainParts(say);
  if (parts === null) return;
  const args = unshareArguments();
  if (args === null) return say('Skipped: it needs Linux, iproute2, and root or user namespaces.');
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-cluster-'));
  const code = await runIsolated(args, folder);
  process.exitCode = code ?? 130;
  // Interrupted, its processes may not all have ended yet.
  if (code === 0 || code === null) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  else say(`What it left is in ${folder}`);
}

async function inside(folder: string, parts: Parts, options: Arguments): Promise<void> {
  prepareNamespaces();
  const dice = new Dice(options.seed);
  const subject = clusterSubject();
  say('the run on one machine, which the others must equal');
  const { digests: expected } = await runSubject(join(folder, 'one-machine'), subject);
  const { store, faults, kinds, pause } = options;
  say('starting the cluster');
  const cluster = await Cluster.start({ folder, parts, store, dice, roots: subject.roots });
  let summary: Summary;
  try {
    const { pipeline } = subject;
    const chosen = kinds === undefined ? {} : { kinds };
    summary = await campaign(cluster, { pipeline, expected, dice, faults, pause, onMessage: say, ...chosen });
  } finally {
    await cluster.stop();
  }
  console.log(options.json === true ? JSON.stringify({ seed: options.seed, ...summary }) : tableOf(summary));
  process.exitCode = summary.violations.length > 0 ? 1 : 0;
}

function clusterSubject(): Subject {
  const whole = quickstart();
  const { pipeline } = whole;
  return { ...whole, name: 'cluster', pipeline: { ...pipeline, folds: { ...pipeline.folds, count: folds } } };
}

function kind(text: string, earlier: readonly FaultKind[] = []): readonly FaultKind[] {
  const found = faultKinds.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`It must be one of: ${faultKinds.join(', ')}.`);
  return [...earlier, found];
}

const program = new Command('cluster')
  .description(
    'Runs a pipeline on a cluster in namespaces of this machine, with PostgreSQL, the Temporal server, an S3 server and workers on hosts that share no disk, while hosts, links, servers and clocks fail at random moments; compares what it gives with a run on one machine, bit by bit.',
  )
  .option('--faults <number>', 'over as many runs as they take', positiveInteger, 60)
  .option('--seed <number>', 'of the moments, kinds and victims', positiveInteger, 1)
  .addOption(new Option('--store <kind>', 'where artifacts are').choices(['s3', 'folder']).default('s3'))
  .option('--kinds <name>', 'only faults of this kind (repeatable)', kind)
  .option('--pause <seconds>', 'mean seconds between two faults', positiveInteger, 5)
  .option('--json', 'print the facts as JSON')
  .action(main);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  say(String(error instanceof Error ? error.stack : error));
  process.exitCode = 1;
}
// The cluster's servers run until this process ends: nothing is left to wait for.
if (isolatedFolder() !== null) process.exit();
