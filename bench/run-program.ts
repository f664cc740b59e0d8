import type { Command } from 'commander';
import { Fault } from '../errors/fault.js';
import { leaveInOrder } from './leaving.js';

/** Does what this process was called for: what is wrong with it is one message. */
export async function runProgram(program: Command): Promise<void> {
  // Leaving in order removes temporary files; the sides leave when their stdin ends.
  leaveInOrder();
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    console.error(error instanceof Fault ? `error: ${error.message}` : error);
    process.exitCode = 1;
  }
}
