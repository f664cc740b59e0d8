import type { Readable } from 'node:stream';
import { HubMisbehaved, HubStalled } from './hub-faults.js';

/** Ends a transfer that takes too long, and says so. */
export class TransferWatch {
  fault: HubMisbehaved | undefined;
  readonly #idleMs: number;
  readonly #total: NodeJS.Timeout;
  #idle: NodeJS.Timeout;
  #watched: { destroy(error: Error): unknown } | undefined;

  constructor(idleMs: number, totalMs: number) {
    this.#idleMs = idleMs;
    this.#total = setTimeout(
      () => this.#end(new HubMisbehaved(`an answer of more than ${seconds(totalMs)} s`)),
      Math.min(totalMs, 2 ** 31 - 1),
    );
    this.#idle = this.#waiting();
  }

  over(watched: { destroy(error: Error): unknown }): void {
    this.#watched = watched;
    this.#progress();
  }

  async *pieces(stream: Readable): AsyncGenerator<Uint8Array> {
    this.over(stream);
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        this.#progress();
        yield piece;
      }
    } catch (error) {
      throw this.fault ?? error;
    } finally {
      this.close();
      stream.destroy();
    }
  }

  close(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#idle);
  }

  #progress(): void {
    clearTimeout(this.#idle);
    this.#idle = this.#waiting();
  }

  #waiting(): NodeJS.Timeout {
    return setTimeout(
      () => this.#end(new HubStalled(`nothing for ${seconds(this.#idleMs)} s`)),
      this.#idleMs,
    );
  }

  #end(fault: HubMisbehaved): void {
    this.fault = fault;
    this.#watched?.destroy(fault);
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
