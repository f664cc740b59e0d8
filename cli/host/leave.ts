const graceMs = 2_000;

/**
 * Ends a process whose command is done, whatever still holds it: the native threads of a worker that
 * could not end in order, a connection that nobody closed. What is printed still goes out before.
 */
export function leaveSoon(process: NodeJS.Process): void {
  const leave = (): void => {
    const unwritten = process.stdout.writableLength + process.stderr.writableLength;
    if (unwritten > 0) setTimeout(leave, graceMs).unref();
    else process.exit();
  };
  setTimeout(leave, graceMs).unref();
}
