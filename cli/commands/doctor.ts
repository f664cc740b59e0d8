import type { Command } from 'commander';
import { printsJson } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise doctor`: what this machine can do. */
export function addDoctor(program: Command, console: Console): void {
  printsJson(program.command('doctor'))
    .summary('say what this machine can do')
    .description(
      'Looks at threads, memory, ONNX Runtime, the Temporal server, the model hub and the disk. The exit code is 0 unless something is missing that foldwise cannot do without.',
    )
    .action(whenRun(console, async () => (await import('../actions/doctor.js')).doctor));
}
