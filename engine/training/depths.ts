import type { Depth, Parameter } from '../nn/scope.js';

/** What of a training depends on where a parameter lies. */
export interface LayerSettings {
  /** The learning rate of each layer as a share of that of the layer above it. */
  readonly layerDecay: number;
  /**
   * The lowest layers that keep their weights, with what lies below them: no gradient, no decay. 0: the embeddings
   * and what else all layers share; null: all is trained.
   */
  readonly freezeLayers: number | null;
}

export const allLayersAlike: LayerSettings = { layerDecay: 1, freezeLayers: null };

/** Where the parameters of a model lie, as its family says (nn/scope.ts). */
export class Depths {
  private readonly of: ReadonlyMap<string, Depth>;
  /** Of the model; layers that share their parameters count once. */
  readonly layers: number;

  constructor(parameters: readonly Pick<Parameter, 'name' | 'depth'>[]) {
    this.of = new Map(parameters.map(({ name, depth }) => [name, depth]));
    this.layers = new Set([...this.of.values()].filter((depth) => typeof depth === 'number')).size;
  }

  /** 0 among the embeddings, 1 … `layers` in the layers, `layers` + 1 above them. */
  level(name: string): number {
    const depth = this.of.get(name);
    if (depth === undefined) throw new RangeError(`no parameter '${name}'`);
    if (depth === 'embeddings') return 0;
    return depth === 'head' ? this.layers + 1 : depth + 1;
  }

  /** @param freezeLayers the lowest layers that are not trained, with what lies below them; null: all are trained */
  isFrozen(name: string, freezeLayers: number | null): boolean {
    return freezeLayers !== null && this.level(name) <= freezeLayers;
  }

  /** @param reinitLayers the top layers that begin anew, with what lies above them; 0: nothing does */
  isNew(name: string, reinitLayers: number): boolean {
    return reinitLayers > 0 && this.level(name) > this.layers - reinitLayers;
  }

  /**
   * The share of the learning rate that a parameter gets where each layer gets `decay` times that of the layer
   * above it (Clark et al. 2020, "ELECTRA"; Howard & Ruder 2018 call it discriminative fine-tuning). As in BEiT's
   * reference implementation the head has the whole of it, and the top layer `decay` of it.
   */
  rateShare(name: string, decay: number): number {
    return decay ** (this.layers + 1 - this.level(name));
  }
}
