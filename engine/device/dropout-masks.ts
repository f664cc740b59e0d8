import { elementCount, elements } from '../runtime/elements.js';
import { Scratch, type ScratchPiece } from './scratch.js';
import type { HostArray } from './tensor-scope.js';
import type { DropoutMask } from './training-state.js';

/** What the entries of a mask are: what is multiplied by, or in a quarter of the bytes whether it is kept. */
type MaskType = 'float32' | 'bool';

/** A mask as it lies on the host; void when others are drawn. */
export interface DrawnMask<Data extends Float32Array | Uint8Array = Uint8Array> extends HostArray {
  readonly name: string;
  readonly data: Data;
}

/** Draws dropout masks on the processor, whatever device they are for: each has the same bits everywhere. */
export class DropoutMasks {
  private readonly scratch: Scratch;

  /** @param mostBytes of one memory */
  constructor(threads: number, mostBytes?: number) {
    this.scratch = new Scratch(threads, mostBytes);
  }

  /** Those of one run; the ones that were drawn before are void. */
  factors(masks: readonly DropoutMask[]): Promise<DrawnMask<Float32Array>[]> {
    return this.draw(masks, 'float32', (view) => view);
  }

  /** The same draws, as bytes that tell what is kept. */
  flags(masks: readonly DropoutMask[]): Promise<DrawnMask[]> {
    return this.draw(
      masks,
      'bool',
      ({ buffer, byteOffset }, count) => new Uint8Array(buffer, byteOffset, count),
    );
  }

  private async draw<Data extends Float32Array | Uint8Array>(
    masks: readonly DropoutMask[],
    type: MaskType,
    entriesOf: (view: Float32Array, count: number) => Data,
  ): Promise<DrawnMask<Data>[]> {
    const { bytes } = elements[type];
    const floats = ({ shape }: DropoutMask): number =>
      Math.ceil((elementCount(shape) * bytes) / Float32Array.BYTES_PER_ELEMENT);
    const pieces = await this.scratch.pieces(masks.map(floats));
    return masks.map(({ name, shape, probability, key, counter }, place) => {
      const { kernels, view } = pieces[place] as ScratchPiece;
      const data = entriesOf(view, elementCount(shape));
      kernels.dropoutMasks(data, { probability, key, counter });
      return { name, type, shape, data };
    });
  }

  close(): Promise<void> {
    return this.scratch.close();
  }
}
