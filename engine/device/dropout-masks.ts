import { elementCount } from '../runtime/elements.js';
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

  /** Those of one run, by name; the ones that were drawn before are void. */
  async draw(masks: readonly DropoutMask[], scope: TensorScope): Promise<Readonly<Record<string, Tensor>>> {
    const pieces = await this.scratch.pieces(masks.map(({ shape }) => elementCount(shape)));
    return Object.fromEntries(
      masks.map(({ name, shape, probability, key, counter }, place) => {
        const { kernels, view } = pieces[place] as ScratchPiece;
        kernels.dropoutMasks(view, { probability, key, counter });
        return [name, scope.float(shape, view)];
      }),
    );
  }

  close(): Promise<void> {
    return this.scratch.close();
  }
}
