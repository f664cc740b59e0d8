import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';

/** One on the host. */
interface Copy {
  readonly of: Value;
  readonly data: Float32Array;
  changed: boolean;
}

/**
 * Arrays of the device on the host, from one step to the next: what lies together there is read and written by its
 * parts' names, and each of them does not take a copy of it. The last one by the kind of array is held.
 */
export class HostCopies {
  private readonly held = new Map<string, Copy>();
  /** The last of the calls that queue. */
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly device: Pick<Device, 'upload' | 'download'>) {}

  /** @param work is given the array; what it changes of it is copied back when it says so, by true */
  async with<T>(
    kind: string,
    value: Value,
    work: (data: Float32Array) => { readonly result: T; readonly changed: boolean },
  ): Promise<T> {
    return this.inTurn(async () => {
      let copy = this.held.get(kind);
      if (copy?.of !== value) {
        if (copy !== undefined) await this.copyBack(copy);
        this.held.delete(kind);
        copy = { of: value, data: (await this.device.download(value)) as Float32Array, changed: false };
        this.held.set(kind, copy);
      }
      const { result, changed } = work(copy.data);
      copy.changed ||= changed;
      return result;
    });
  }

  /** Copies back what was changed: before the device reads it. */
  flush(): Promise<void> {
    return this.inTurn(async () => {
      for (const copy of this.held.values()) await this.copyBack(copy);
    });
  }

  /** Holds none any more: the device has written others. */
  drop(): void {
    this.held.clear();
  }

  private async copyBack(copy: Copy): Promise<void> {
    if (copy.changed) await this.device.upload(copy.data, copy.of);
    copy.changed = false;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.tail.then(work);
    this.tail = result.catch(() => undefined);
    return result;
  }
}
