import { Command } from 'commander';
import { Fault } from '../errors/fault.js';
import { leaveInOrder } from './leaving.js';
import { addOptions } from './options/command.js';
import { addPredict } from './predict/command.js';
import { addServe } from './serve/command.js';
import { addStep } from './step/command.js';
import { addStore } from './store/command.js';
import { addTables } from './tables/command.js';
import { addThresholds } from './thresholds/command.js';
import { addTokenizers } from './tokenizers/command.js';

const program = new Command('bench').description('Benchmarks of foldwise on this machine.');
addOptions(program);
addPredict(program);
addServe(program);
addStep(program);
addStore(program);
addTables(program);
addThresholds(program);
addTokenizers(program);
// Leaving in order removes temporary files; the sides leave when their stdin ends.
leaveInOrder();
try {
  await program.parseAsync(process.argv);
} catch (error) {
  console.error(error instanceof Fault ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
