import { elementCount, elements } from '../runtime/elements.js';
import type { Tensor } from '../runtime/runtime.js';
import { Scratch, type ScratchPiece } from './scratch.js';
import type { TensorScope } from './tensor-scope.js';
import type { DropoutMask } from './training-state.js';

/** Draws dropout masks on the processor, whatever device they are for: each has the same bits everywhere. */
export class DropoutMasks {
  private readonly scratch: Scratch;

  /** @param mostBytes of one memory */
  constructor(threads: number, mostBytes?: number) {
    this.scratch = new Scratch(threads, mostBytes);
  }

  /**
   * Those of one run, by name; the ones that were drawn before are void.
   *
   * @param type of the tensors: what entries are multiplied by, or in a quarter of the bytes whether they are kept
   */
  async draw(
    masks: readonly DropoutMask[],
    scope: TensorScope,
    type: 'float32' | 'bool' = 'float32',
  ): Promise<Readonly<Record<string, Tensor>>> {
    const { bytes } = elements[type];
    const floats = ({ shape }: DropoutMask): number =>
      Math.ceil((elementCount(shape) * bytes) / Float32Array.BYTES_PER_ELEMENT);
    const pieces = await this.scratch.pieces(masks.map(floats));
    return Object.fromEntries(
      masks.map(({ name, shape, probability, key, counter }, place) => {
        const { kernels, view } = pieces[place] as ScratchPiece;
        const entries =
          type === 'float32' ? view : new Uint8Array(view.buffer, view.byteOffset, elementCount(shape));
        kernels.dropoutMasks(entries, { probability, key, counter });
        return [name, scope.array({ type, shape, data: entries })];
      }),
    );
  }

  close(): Promise<void> {
    return this.scratch.close();
  }
}
