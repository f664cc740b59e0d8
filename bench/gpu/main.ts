import { Command } from 'commander';
import { runProgram } from '../run-program.js';
import { addStep } from '../step/command.js';

/** The benchmark as the archive has it: of a step alone, so that the archive needs not all packages. */
const program = new Command('bench').description('The training step on a device.');
addStep(program);
await runProgram(program);
