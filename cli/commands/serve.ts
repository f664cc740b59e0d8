import type { Command } from 'commander';
import { duration, positiveInteger, printsJson, takesLogging, takesOneDevice } from '../options.js';
import { origin, port, takesServingOptions } from '../serve/options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise serve`: answers requests over HTTP with an ensemble. */
export function addServe(program: Command, console: Console): void {
  const serve = program
    .command('serve')
    .summary('answer requests over HTTP')
    .description(
      'Answers requests over HTTP with the ensemble of a completed run, or of a folder, until Ctrl-C or SIGTERM. docs/serving.md has the requests and answers.',
    )
    .argument(
      '<run|folder>',
      'a run (its id, its workflow id, its directory, or latest), or the folder of an ensemble',
    )
    .option('--host <address>', 'listen there', '127.0.0.1')
    .option('--port <number>', 'listen there; 0 is any that is free', port, 8080)
    .option('--threads <number>', 'threads that score (default: the processors)', positiveInteger)
    .option('--int8', 'in 8 bits: of a folder that was exported with them')
    .option('--drain <time>', 'how long what was asked may take once it ends', duration, 30_000)
    .option('--token-file <file>', 'answer only requests that bear the token in this file')
    .option('--cors-origin <origin>', 'let the pages of this origin read answers', origin)
    .option('--log-requests', 'log a line for each request; texts are never logged');
  printsJson(takesLogging(takesServingOptions(takesOneDevice(serve, 'the models compute'))))
    .addHelpText(
      'after',
      `
Examples:
  foldwise serve latest --port 8080
  curl -s localhost:8080/v1/predict -H 'Content-Type: application/json' -d '{"texts": ["What a day!"]}'`,
    )
    .action(whenRun(console, async () => (await import('../actions/serve.js')).serve));
}
