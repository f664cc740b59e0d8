import type { Api } from './api.js';
import { RuntimeFault } from './fault.js';
import { cell, pointee, type Address } from './native.js';
import type { ElementType, Value } from './runtime.js';

/**
 * An `OrtValue` that is a tensor. Calls that use it take a hold on it; it goes when it has been released
 * and the last of them has ended.
 */
export abstract class NativeValue implements Value {
  private firstElement: Address | undefined;
  private uses = 0;
  private released = false;

  protected constructor(
    protected readonly api: Api,
    readonly type: ElementType,
    readonly shape: readonly number[],
    private readonly value: Address,
  ) {
    api.live.values++;
  }

  /** Keeps value and memory for one call. @throws RuntimeFault after `release` */
  hold(name: string): Address {
    if (this.released) throw new RuntimeFault({ where: name, what: 'the tensor has been released' });
    this.uses++;
    return this.value;
  }

  /** The address of its first element. */
  get place(): Address {
    if (this.firstElement === undefined) {
      const out = cell();
      this.api.tensorData(this.hold('place'), out);
      this.unhold();
      this.firstElement = pointee(out);
    }
    return this.firstElement;
  }

  unhold(): void {
    this.uses--;
    this.freeWhenUnused();
  }

  /** Takes effect when the calls that use the tensor have ended; a second call does nothing. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.freeWhenUnused();
  }

  protected abstract free(value: Address): void;

  private freeWhenUnused(): void {
    if (!this.released || this.uses > 0) return;
    this.free(this.value);
    this.api.live.values--;
  }
}

/** The native value of a tensor of the runtime's own. @throws RuntimeFault for any other */
export function nativeValue(where: string, value: Value): NativeValue {
  if (value instanceof NativeValue) return value;
  throw new RuntimeFault({ where, what: 'the tensor was not made by this runtime' });
}
