/** What Ctrl-C means to a command: the first press asks it to end, the second ends it at once. */
export interface Interrupt {
  /** Aborts at the first press, or at SIGTERM. */
  readonly signal: AbortSignal;
  readonly close: () => void;
}

/**
 * @param onFirst tells the person what happens now
 * @param onSecond what must still be done before the process ends at once; it may not wait
 */
export function onInterrupt(onFirst: () => void, onSecond: () => void): Interrupt {
  const controller = new AbortController();
  const press = (): void => {
    if (controller.signal.aborted) {
      onSecond();
      process.exit(130);
    }
    onFirst();
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, press);
  return {
    signal: controller.signal,
    close: () => {
      for (const signal of signals) process.off(signal, press);
    },
  };
}
