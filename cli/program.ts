import { Command } from 'commander';
import { addConfig } from './commands/config.js';
import { addPlan } from './commands/plan.js';
import type { Console } from './terminal/console.js';

/** The command line, wired but not run: `createProgram(console).parseAsync(argv)`. */
export function createProgram(console: Console): Command {
  const program = new Command('foldwise')
    .description(
      'From a table of texts and labels to a scored ensemble of fine-tuned transformers: durable on Temporal, trained by ONNX Runtime.',
    )
    .option('--workdir <dir>', 'write everything below this folder (default: the current one)')
    .option('--debug', 'show the stack of an error')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => console.print(text.trimEnd()),
      writeErr: (text) => console.note(text.trimEnd()),
    })
    .showHelpAfterError('(see --help)')
    .exitOverride();
  for (const add of [addPlan, addConfig]) add(program, console);
  return program;
}
