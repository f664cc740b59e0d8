import type { Value } from '../../runtime/runtime.js';
import type { ResidentTensors } from './resident-tensors.js';

type Named = ReadonlyMap<string, Value>;

/** Tensors of the device, each twice: what reads one writes the other, and then they take turns. */
export class TwoSets {
  private constructor(
    /** What holds. */
    private holding: Named,
    /** What is written. */
    private writing: Named,
  ) {}

  static async allocate(
    resident: ResidentTensors,
    shapes: ReadonlyMap<string, readonly number[]>,
  ): Promise<TwoSets> {
    return new TwoSets(await resident.named(shapes), await resident.named(shapes));
  }

  get(name: string): Value | undefined {
    return this.holding.get(name);
  }

  /** What is written, by the name of what holds. */
  written(name: string): Value | undefined {
    return this.writing.get(name);
  }

  get isEmpty(): boolean {
    return this.holding.size === 0;
  }

  /** What holds, as a run takes it. */
  get current(): Readonly<Record<string, Value>> {
    return Object.fromEntries(this.holding);
  }

  /** What a run writes, by the names of its outputs. */
  next(outputOf: (name: string) => string): Readonly<Record<string, Value>> {
    return Object.fromEntries([...this.writing].map(([name, value]) => [outputOf(name), value]));
  }

  /** What was written holds from now on. */
  turn(): void {
    [this.holding, this.writing] = [this.writing, this.holding];
  }
}
