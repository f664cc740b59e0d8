import { Command } from 'commander';
import { Fault } from '../../errors/fault.js';
import { leaveInOrder } from '../leaving.js';
import { addStep } from '../step/command.js';

/** The benchmark as the archive has it: of a step alone, so that the archive needs not all packages. */
const program = new Command('bench').description('The training step on a device.');
addStep(program);
leaveInOrder();
try {
  await program.parseAsync(process.argv);
} catch (error) {
  console.error(error instanceof Fault ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
