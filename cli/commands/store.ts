import type { Command } from 'commander';
import { printsJson, wholeNumber } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise store …`: what the store holds. */
export function addStore(program: Command, console: Console): void {
  const store = program
    .command('store')
    .summary('look at what the store holds, put tables there, and remove what nothing needs')
    .description(
      "Lists, counts and verifies what runs have made: in the workdir's folder, or in S3 where --store or FOLDWISE_STORE says so. Only put and reinstate change anything, and gc with --delete.",
    );
  printsJson(store.command('ls'))
    .argument('[prefix]', 'only objects whose names begin so, as in checkpoints/')
    .summary('list the objects')
    .action(whenRun(console, async () => (await import('../actions/store.js')).ls));
  printsJson(store.command('du'))
    .summary('say how many objects of each kind there are, and how large')
    .action(whenRun(console, async () => (await import('../actions/store.js')).du));
  printsJson(store.command('put'))
    .argument('<file>', 'a table')
    .summary('put a table there for runs to read')
    .description(
      'Stores the file under the hash of its bytes and prints the address by which data.train, data.test, `score` and `predict` name it. Again does no harm; a changed file gets another address.',
    )
    .action(whenRun(console, async () => (await import('../actions/store.js')).put));
  printsJson(store.command('verify'))
    .summary('compare every artifact with the hash that it is named by')
    .description('Reads all artifacts. The exit code is 0 unless one is damaged.')
    .action(whenRun(console, async () => (await import('../actions/store.js')).verify));
  printsJson(store.command('reinstate'))
    .argument('<mark>', 'of the store, as a worker names it that refuses to start')
    .summary('let open runs go on in a store that was emptied')
    .description(
      'Gives a store that was emptied the mark by which open runs know it. Workers start again, and what was lost is made anew by the steps that made it. Without a copy to put back, nothing else is left to do.',
    )
    .action(whenRun(console, async () => (await import('../actions/store-reinstate.js')).reinstate));
  printsJson(store.command('gc'))
    .summary('remove what no kept run refers to')
    .description(
      'Says what nothing refers to any more, and with --delete removes it, beside running pipelines. What was written within a day, or since a day before the oldest open run began, stays. All runs are kept unless --keep-days says for how long.',
    )
    .option('--delete', 'remove it; without, nothing is changed')
    .option(
      '--keep-days <days>',
      'forget runs and scorings that did nothing for so many days, but for the last completed run of each pipeline',
      wholeNumber,
    )
    .option('--pipeline <name>', 'forget only runs of this pipeline')
    .option(
      '--offline',
      'ask no server which runs are open: what is older than a week counts as of none, and one that is has to make it anew',
    )
    .action(whenRun(console, async () => (await import('../actions/store-gc.js')).gc));
}
