import type { Depth, Parameter } from './scope.js';

/** Where the parameters of a model lie, as its family says (scope.ts). */
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

  /** The parameters from the embeddings up, those of a layer in the order in which its family has them. */
  fromBelow<P extends Pick<Parameter, 'name'>>(parameters: readonly P[]): P[] {
    return [...parameters].sort((a, b) => this.level(a.name) - this.level(b.name));
  }

  /** @param reinitLayers the top layers that begin anew, with what lies above them; 0: nothing does */
  isNew(name: string, reinitLayers: number): boolean {
    return reinitLayers > 0 && this.level(name) > this.layers - reinitLayers;
  }
}
