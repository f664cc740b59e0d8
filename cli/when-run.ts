import type { Command } from 'commander';
import type { GlobalOptions } from './options.js';
import type { Console } from './terminal/console.js';

/** What a command does; its arguments come last, in the order in which it declares them. */
export type Action<Options extends GlobalOptions, Arguments extends unknown[]> = (
  console: Console,
  options: Options,
  ...args: Arguments
) => void | Promise<void>;

/**
 * The handler of a command that loads what it does when it is run: a command costs the modules that it
 * needs itself, and none of another's.
 */
export function whenRun<Options extends GlobalOptions, Arguments extends unknown[]>(
  console: Console,
  load: () => Promise<Action<Options, Arguments>>,
) {
  return async function (this: Command): Promise<void> {
    const action = await load();
    // As the command declares them: commander knows no types of them.
    await action(console, this.optsWithGlobals<Options>(), ...(this.processedArgs as Arguments));
  };
}
