import type { ChildProcess } from 'node:child_process';
import { EnvironmentFault } from '../errors/fault.js';

/** The child was ended because it was frozen, or came along no more. */
export class ProcessStalled extends EnvironmentFault {}

/** What any child of ours may say beside its answers (see `FoldMessage`). */
export type SignOfLife =
  | { readonly type: 'alive' }
  | {
      readonly type: 'phase';
      readonly phase: string;
      readonly patienceSeconds: number;
      /** Its work blocks the child's event loop: it cannot even say that it lives. */
      readonly silent?: boolean;
      /** What from outside native code is busy with, as a fault names it: where it ends the process, it is to blame. */
      readonly foreign?: string;
      /** How many of what it was given are done. */
      readonly done?: number;
    };

export interface ChildWatchOptions {
  /** A child that sends nothing at all for so long is frozen: it shows every few seconds that it lives. Default 60 s. */
  readonly silenceMs?: number;
  /** How often the watch looks. Default 1 s. */
  readonly everyMs?: number;
}

type Phase = Omit<Extract<SignOfLife, { type: 'phase' }>, 'type'>;

/** Before its first phase a child loads its code. */
const FIRST_PATIENCE_SECONDS = 300;

/**
 * Notices a child that is frozen (it says nothing) or stuck (it says nothing of progress for longer than
 * its phase may take).
 *
 * Time is counted in looks: where this process, too, was stopped, or the machine asleep, nothing was missed.
 */
export class ChildWatch {
  private silentMs = 0;
  private stuckMs = 0;
  private phase: Phase = { phase: 'starting', patienceSeconds: FIRST_PATIENCE_SECONDS, silent: true };
  private readonly timer: NodeJS.Timeout;

  /** @param onStall called once, with what was seen */
  constructor(
    private readonly onStall: (found: string) => void,
    private readonly options: ChildWatchOptions = {},
  ) {
    this.timer = setInterval(() => this.look(), this.everyMs);
  }

  /** To be told of every message of the child. */
  heard(message: { readonly type: string } | SignOfLife): void {
    this.silentMs = 0;
    if (message.type === 'alive') return;
    this.stuckMs = 0;
    if (message.type !== 'phase' || !('patienceSeconds' in message)) return;
    this.phase = message;
  }

  end(): void {
    clearInterval(this.timer);
  }

  /** What from outside the child was busy with. */
  get foreign(): string | undefined {
    return this.phase.foreign;
  }

  private look(): void {
    const { silenceMs = 60_000 } = this.options;
    const { patienceSeconds, silent = false, foreign } = this.phase;
    const phase = foreign === undefined ? this.phase.phase : `${this.phase.phase}, at ${foreign}`;
    this.silentMs += this.everyMs;
    this.stuckMs += this.everyMs;
    const frozen = !silent && this.silentMs > silenceMs;
    if (!frozen && this.stuckMs <= patienceSeconds * 1000) return;
    this.end();
    this.onStall(
      frozen
        ? `not a word for ${silenceMs / 1000} s, while ${phase}`
        : `no progress for ${patienceSeconds} s, while ${phase}`,
    );
  }

  private get everyMs(): number {
    return this.options.everyMs ?? 1_000;
  }
}

/** A process that does not end when it is killed (it hangs in the kernel) is not waited for any longer. */
const DEATH_MS = 5_000;

/** Kills a child, and calls `then` when it has ended or hangs. */
export function endChild(child: ChildProcess, then: () => void): void {
  const hangs = setTimeout(then, DEATH_MS);
  child.once('close', () => {
    clearTimeout(hangs);
    then();
  });
  child.kill('SIGKILL');
}

export function stalled(where: string, found: string): ProcessStalled {
  return new ProcessStalled({ where, what: 'its process came along no more and was ended', found });
}
