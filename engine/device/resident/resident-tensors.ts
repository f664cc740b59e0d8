import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';

/** Tensors of float32 that lie on the device, and are given back together. */
export class ResidentTensors {
  private readonly held: Value[] = [];

  constructor(private readonly device: Pick<Device, 'allocate'>) {}

  async allocate(shape: readonly number[]): Promise<Value> {
    const value = await this.device.allocate('float32', shape);
    this.held.push(value);
    return value;
  }

  async named(shapes: ReadonlyMap<string, readonly number[]>): Promise<ReadonlyMap<string, Value>> {
    const values = new Map<string, Value>();
    for (const [name, shape] of shapes) values.set(name, await this.allocate(shape));
    return values;
  }

  release(): void {
    for (const value of this.held.splice(0)) value.release();
  }
}
