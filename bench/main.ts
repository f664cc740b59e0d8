import { Command } from 'commander';
import { Fault } from '../errors/fault.js';
import { addStep } from './step/command.js';

const program = new Command('bench').description('Benchmarks of foldwise on this machine.');
addStep(program);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  console.error(error instanceof Fault ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
