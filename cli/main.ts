#!/usr/bin/env node
import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.js';
import { exitCode, lastLine } from './failure.js';
import { leaveSoon } from './host/leave.js';
import { createProgram } from './program.js';
import { endWhereNobodyReads } from './terminal/closed-pipe.js';
import { processConsole } from './terminal/console.js';

endWhereNobodyReads(process);
try {
  await createProgram(processConsole).parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what was wrong; help and version end this way too, with 0.
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  } else {
    processConsole.note(lastLine(process.argv, error));
    process.exitCode = exitCode(error);
  }
}
leaveSoon(process);
