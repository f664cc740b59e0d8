import type { ElementType, Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';

/** Tensors that lie on the device, and are given back together. */
export class ResidentTensors {
  private readonly held: Value[] = [];

  constructor(private readonly device: Pick<Device, 'allocate'>) {}

  /** @param type default float32 */
  async allocate(shape: readonly number[], type: ElementType = 'float32'): Promise<Value> {
    const value = await this.device.allocate(type, shape);
    this.held.push(value);
    return value;
  }

  async named(
    shapes: ReadonlyMap<string, readonly number[]>,
    type?: ElementType,
  ): Promise<ReadonlyMap<string, Value>> {
    const values = new Map<string, Value>();
    for (const [name, shape] of shapes) values.set(name, await this.allocate(shape, type));
    return values;
  }

  release(): void {
    for (const value of this.held.splice(0)) value.release();
  }
}
