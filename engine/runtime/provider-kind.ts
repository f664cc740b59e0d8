import type { Api } from './api.js';
import type { DeviceFaultKind } from './fault.js';
import { addresses, NativeText, type Address } from './native.js';
import type { ProviderOptions } from './runtime.js';

/** What a provider is told of the process's ONNX Runtime. */
export interface ProviderEnvironment {
  readonly api: Api;
  readonly env: Address;
  /** The core's file. */
  readonly library: string;
}

/** Does what a process does but once, by its name; again where it failed. */
export type Once = (name: string, work: () => void) => void;

/** What is a provider's own of how sessions come to it. */
export interface ProviderKind {
  readonly title: string;
  /** Its memory, as ONNX Runtime calls it. */
  readonly memory: string;
  /** Whether its memory has addresses, so that a tensor may be a part of another. */
  readonly hasViews: boolean;
  /** What it wants of a machine, and how that is had. */
  readonly expected: string;
  readonly remedy: string;
  /** Called before the first session of a card. */
  prepare(environment: ProviderEnvironment, card: number, once: Once): void;
  /** Its options in a session, of which the named nodes are the processor's. */
  optionsOf(
    card: number,
    on: Pick<ProviderOptions, 'onProcessor' | 'recorded'>,
  ): Readonly<Record<string, string>>;
  /** Puts it before the processor in the options of a session, which keeps the named nodes. */
  append(api: Api, session: Address, options: NativeOptions, onProcessor: ReadonlySet<string>): Promise<void>;
  /** What happened to the device, by what a failed call says; null where that says nothing of it. */
  deviceFault(message: string): DeviceFaultKind | null;
}

/** Options as the C API takes them: by address of their texts. They are to be held until the call has ended. */
export class NativeOptions {
  readonly keys: BigUint64Array;
  readonly values: BigUint64Array;
  readonly count: number;
  private readonly texts: readonly (readonly [key: NativeText, value: NativeText])[];

  constructor(options: Readonly<Record<string, string>>) {
    this.texts = Object.entries(options).map(([key, value]) => [new NativeText(key), new NativeText(value)]);
    this.count = this.texts.length;
    const listed = (side: 0 | 1): BigUint64Array =>
      addresses(
        this.count,
        this.texts.map((pair) => pair[side].address),
      );
    this.keys = listed(0);
    this.values = listed(1);
  }
}
