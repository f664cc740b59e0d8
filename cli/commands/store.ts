import type { Command } from 'commander';
import { printsJson } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise store …`: what the store holds. */
export function addStore(program: Command, console: Console): void {
  const store = program
    .command('store')
    .summary('look at what the store holds')
    .description(
      "Lists, counts and verifies what runs have made: in the workdir's folder, or in S3 where --store or FOLDWISE_STORE says so. Nothing of it is changed.",
    );
  printsJson(store.command('ls'))
    .argument('[prefix]', 'only objects whose names begin so, as in checkpoints/')
    .summary('list the objects')
    .action(whenRun(console, async () => (await import('../actions/store.js')).ls));
  printsJson(store.command('du'))
    .summary('say how many objects of each kind there are, and how large')
    .action(whenRun(console, async () => (await import('../actions/store.js')).du));
  printsJson(store.command('verify'))
    .summary('compare every artifact with the hash that it is named by')
    .description('Reads all artifacts. The exit code is 0 unless one is damaged.')
    .action(whenRun(console, async () => (await import('../actions/store.js')).verify));
}
