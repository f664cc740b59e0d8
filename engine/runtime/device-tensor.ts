import type { Api } from './api.js';
import { elementCode, elementCount, elements } from './elements.js';
import { RuntimeFault } from './fault.js';
import { cell, pointee, type Address, type ReleaseFunction } from './native.js';
import type { ElementType, Value } from './runtime.js';
import { nativeShape, verifyShape } from './tensor.js';
import { NativeValue } from './value.js';

/** Whose memory it is. */
interface Owner {
  /** Gives an object of the device back when the calls before have ended. */
  releaseLater(release: ReleaseFunction, object: Address): void;
}

/** A tensor in a device's memory. */
export class DeviceTensor extends NativeValue {
  constructor(
    api: Api,
    protected readonly owner: Owner,
    type: ElementType,
    shape: readonly number[],
    value: Address,
  ) {
    super(api, type, shape, value);
  }

  /** @throws RuntimeFault for a tensor that does not lie in memory of the owner's */
  static of(where: string, value: Value, owner: Owner): DeviceTensor {
    if (value instanceof DeviceTensor && value.owner === owner) return value;
    throw new RuntimeFault({ where, what: 'the tensor does not lie on the device' });
  }

  /**
   * A part of it, which holds it.
   *
   * @param memory what ONNX Runtime knows of the memory
   */
  view(memory: Address, type: ElementType, shape: readonly number[], byteOffset: number): DeviceTensor {
    const where = `view ${type} [${shape.join(', ')}]`;
    verifyShape(where, shape);
    const bytes = bytesOf({ type, shape });
    verifyWithin(where, byteOffset, bytes, type, this);
    const out = cell();
    this.hold(where);
    try {
      const address = this.place + BigInt(byteOffset);
      const extents = nativeShape(shape);
      this.api.createTensor(memory, address, bytes, extents, shape.length, elementCode(type), out);
      return new DeviceView(this.api, this.owner, this, [type, [...shape], pointee(out)]);
    } catch (fault) {
      this.unhold();
      throw fault;
    }
  }

  protected override free(value: Address): void {
    this.owner.releaseLater(this.api.releaseValue, value);
  }
}

/** A part of another. */
class DeviceView extends DeviceTensor {
  /** @param whole with a hold on it, which goes with the view */
  constructor(
    api: Api,
    owner: Owner,
    private readonly whole: DeviceTensor,
    tensor: readonly [type: ElementType, shape: readonly number[], value: Address],
  ) {
    super(api, owner, ...tensor);
  }

  /** No call of the device's: the memory is the other one's. */
  protected override free(value: Address): void {
    this.api.releaseValue(value);
    this.whole.unhold();
  }
}

function verifyWithin(where: string, from: number, bytes: number, type: ElementType, whole: Value): void {
  const [room, alignment] = [bytesOf(whole), elements[type].bytes];
  if (Number.isSafeInteger(from) && from >= 0 && from % alignment === 0 && from + bytes <= room) return;
  throw new RuntimeFault({
    where,
    what: 'it does not lie within the tensor',
    found: `${bytes} bytes from ${from} on`,
    expected: `within ${room} bytes, from a multiple of ${alignment} on`,
  });
}

function bytesOf({ type, shape }: Pick<Value, 'type' | 'shape'>): number {
  return elementCount(shape) * elements[type].bytes;
}
