import { setTimeout as delay } from 'node:timers/promises';

/** What must hold for a worker to be ready. Each throws, or says what does not; null where it holds. */
export type Check = (signal: AbortSignal) => Promise<string | null> | string | null;

export interface ReadinessOptions {
  /** Between looks. Default 2 s. */
  readonly everyMs?: number;
  /** A check that takes longer has not passed. Default 3 s. */
  readonly patienceMs?: number;
}

/**
 * Whether a worker can do what it is there for. It looks by itself, so that whoever asks is answered at once, also
 * while what is asked for does not answer.
 */
export class Readiness {
  private state: 'starting' | 'working' | 'ending' = 'starting';
  private failing: readonly string[] = [];
  private readonly stop = new AbortController();

  constructor(private readonly options: ReadinessOptions = {}) {}

  /** Looks from now on. Resolves once it has looked for the first time. */
  async watch(checks: Readonly<Record<string, Check>>): Promise<void> {
    await this.look(checks);
    if (this.state === 'starting') this.state = 'working';
    void this.goOn(checks);
  }

  /** The worker takes nothing new from now on. */
  end(): void {
    this.state = 'ending';
    this.stop.abort();
  }

  /** Why it is not ready; null where it is. */
  get unready(): string | null {
    if (this.state === 'starting') return 'it is starting';
    if (this.state === 'ending') return 'it is ending';
    return this.failing.length === 0 ? null : this.failing.join('; ');
  }

  private async goOn(checks: Readonly<Record<string, Check>>): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      await delay(this.options.everyMs ?? 2_000, undefined, { ref: false, signal }).catch(() => undefined);
      if (!signal.aborted) await this.look(checks);
    }
  }

  private async look(checks: Readonly<Record<string, Check>>): Promise<void> {
    const found = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const problem = await this.within(check);
        return problem === null ? [] : [`${name}: ${problem}`];
      }),
    );
    this.failing = found.flat();
  }

  /** Of an error only that it is one: its message may name what is nobody's business here. */
  private async within(check: Check): Promise<string | null> {
    const { patienceMs = 3_000 } = this.options;
    const late = AbortSignal.timeout(patienceMs);
    const given = delay(patienceMs, 'it does not answer', { ref: false });
    const asked = Promise.resolve()
      .then(() => check(late))
      .catch(() => 'it cannot be reached');
    return Promise.race([asked, given]);
  }
}
