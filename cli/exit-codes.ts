/** What the exit code of a command says. docs/running.md lists them. */
export const exitCodes = {
  /** It did what it was asked to; of `run` and `watch`: the run completed. */
  done: 0,
  /** It could not: wrong input, no server, a disk that is full. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** `run` and `watch`: the run failed. */
  runFailed: 3,
  /** `run` and `watch`: the run waits for somebody to decide. */
  runWaits: 4,
  /** `run` and `watch`: the run was cancelled or terminated. */
  runCancelled: 5,
  /** `export`: the folder is written, but not all that was asked for. */
  partly: 6,
  /** Ctrl-C or SIGTERM: 128 and SIGINT's number, as shells have it. */
  interrupted: 130,
  /** Nobody reads what it prints any more: 128 and SIGPIPE's number. */
  pipeClosed: 141,
} as const;
