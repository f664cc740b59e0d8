import { storageFault } from '../../store/faults.js';
import { exitCodes } from '../exit-codes.js';
import { renderFailure } from '../failure.js';

/** A full disk, where output goes to a file. */
function endUnwritten(process: NodeJS.Process, error: Error): void {
  const fault = storageFault(error, 'standard output', 'writing', 'give the command again then');
  process.stderr.write(`${renderFailure(fault, { debug: false })}\n`);
  process.exit(exitCodes.failed);
}

/**
 * Ends the process as other programs do where nobody reads its output any more, as in `foldwise doctor |
 * head -1`: quietly. A command that has something to stop, such as a server, hears of it as of SIGTERM.
 */
export function endWhereNobodyReads(process: NodeJS.Process): void {
  let ending = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') return endUnwritten(process, error);
    if (ending) return;
    ending = true;
    process.exitCode = exitCodes.pipeClosed;
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit();
  });
  // Remarks that nobody reads are no reason to end.
  process.stderr.on('error', () => undefined);
}
