import type { Graph, Initializer, Value } from '../graph/graph.js';
import { dropout as dropoutOp } from '../ops/arithmetic.js';
import type { Tape } from '../ops/tape.js';
import { siteName, type DropoutKind, type DropoutPlace, type DropoutSite } from './dropout-sites.js';

/**
 * How a parameter that no checkpoint gives starts: normal(0, initializer range), zeros, ones, or uniform within
 * ±1/√in of `[out, in]`, as torch begins a linear layer.
 */
export type Initial = 'normal' | 'zeros' | 'ones' | 'uniform';

/**
 * How far from the tokens a module lies: among the embeddings and what else all layers share, in the layer of a
 * number from 0 on, or above the last one.
 */
export type Depth = 'embeddings' | number | 'head';

/** What a parameter is to its layer: what it multiplies by, what it adds, or the factor behind a norm. */
export type Role = 'weight' | 'bias' | 'scale';

export interface Parameter {
  /** Dotted path: the key in a checkpoint. */
  readonly name: string;
  readonly depth: Depth;
  readonly shape: readonly number[];
  readonly role: Role;
  readonly initial: Initial;
  readonly value: Value;
}

export interface ModelOptions {
  /** Makes the value of a parameter; default an input of the graph. */
  readonly declare?: (name: string, shape: readonly number[]) => Value;
  /** How often dropout before the last layer is drawn. Default 1. */
  readonly dropoutSamples?: number;
}

/** Makes parameters constants of the graph. @param data where a parameter's bytes are */
export function asConstants(
  graph: Graph,
  data: (name: string) => Initializer['data'],
): NonNullable<ModelOptions['declare']> {
  return (name, shape) => graph.initializer(name, 'float32', shape, data(name));
}

/**
 * Low-rank adapters (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"): beside a linear layer
 * W·x stands (alpha / rank)·B·A·x, with A `[rank, in]` and B `[out, rank]`. Names and settings are those of peft.
 */
export interface AdapterSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Of what goes into A, in training. */
  readonly dropout: number;
  /** The linear layers that get one: those of attention, or all within the encoder's layers. */
  readonly targets: 'attention' | 'all';
  /** Layers below this one get none. */
  readonly from: number;
}

/**
 * A model in two parts: what lies below a layer, in which nothing is dropped, so that it is a function of the text
 * alone; and the rest, which begins with what the first part gives, fed by the host.
 */
export interface Cut {
  /** The lowest layers of the first part, with what lies below them. 0: the latter alone. */
  readonly layers: number;
  /** What the first part gives, `[tokens, hidden]`; null until the model has been built so far. */
  below: Value | null;
}

/** Name of the input of a model that is cut. */
export const cutInput = 'activations';

/** A model under construction: its tape, parameters and dropout sites, in order of use. */
export class ModelBuilder {
  readonly parameters: Parameter[] = [];
  readonly dropoutSites: DropoutSite[] = [];
  /** Which linear layers get a low-rank adapter; null, the default: none. */
  adapters: AdapterSettings | null = null;
  /** Where the model is cut; null, the default: nowhere. */
  cut: Cut | null = null;

  readonly declare: NonNullable<ModelOptions['declare']>;
  readonly dropoutSamples: number;

  /** @param training false leaves dropout out */
  constructor(
    readonly tape: Tape,
    readonly training: boolean,
    options: ModelOptions = {},
  ) {
    const { declare = (name, shape) => tape.graph.input(name, 'float32', shape), dropoutSamples = 1 } =
      options;
    this.declare = declare;
    this.dropoutSamples = dropoutSamples;
  }

  /** Whether what is built now lies below the cut. */
  get isBelowCut(): boolean {
    return this.cut !== null && this.cut.below === null;
  }

  get root(): Scope {
    return new Scope(this, '', 'head');
  }
}

/** A module's place in the model: prefixes the names of what is made there. */
export class Scope {
  constructor(
    readonly model: ModelBuilder,
    private readonly path: string,
    private readonly depth: Depth,
    private readonly place: DropoutPlace = depth,
    private readonly ofAttention = false,
  ) {}

  get tape(): Tape {
    return this.model.tape;
  }

  child(name: string): Scope {
    return new Scope(this.model, this.qualified(name), this.depth, this.place, this.ofAttention);
  }

  /** A child of which everything is a layer's attention, its output projection included. */
  attention(name: string): Scope {
    return new Scope(this.model, this.qualified(name), this.depth, this.place, true);
  }

  /**
   * The same place, of which everything made there lies at that depth. The root's is the head.
   *
   * @param place where it drops: of a layer that is applied again, the number of the layer as it would be without that
   */
  at(depth: Depth, place: DropoutPlace = depth): Scope {
    return new Scope(this.model, this.path, depth, place, this.ofAttention);
  }

  /** The settings of the adapter that a linear layer of this place gets; null where it gets none. */
  get adapter(): AdapterSettings | null {
    const { adapters } = this.model;
    if (adapters === null || typeof this.depth !== 'number' || this.depth < adapters.from) return null;
    return adapters.targets === 'all' || this.ofAttention ? adapters : null;
  }

  /** What goes into a layer, or into what lies above all: where the model is cut there, what stands for it. */
  entering(x: Value): Value {
    const { cut } = this.model;
    if (cut === null || !this.model.isBelowCut || !this.isAbove(cut.layers)) return x;
    cut.below = x;
    return this.tape.graph.input(cutInput, 'float32', x.shape);
  }

  private isAbove(layers: number): boolean {
    return this.depth === 'head' || (this.depth !== 'embeddings' && this.depth >= layers);
  }

  /** Declares a parameter, or gives the one of that name that is there already (a shared weight). */
  parameter(name: string, shape: readonly number[], initial: Initial, role: Role): Value {
    const full = this.qualified(name);
    const known = this.model.parameters.find((parameter) => parameter.name === full);
    if (known !== undefined) return known.value;
    const value = this.model.declare(full, shape);
    this.model.parameters.push({ name: full, depth: this.depth, shape, initial, role, value });
    return value;
  }

  /** Inverted dropout, its mask an input of the site's name. @param index of several of a kind in one place */
  dropout(x: Value, probability: number, kind: DropoutKind, index?: number): Value {
    if (!this.model.training || this.model.isBelowCut || probability === 0) return x;
    const site = { place: this.place, kind, index };
    const name = siteName(site);
    const mask = this.tape.graph.input(name, 'float32', x.shape);
    this.model.dropoutSites.push({ ...site, name, shape: x.shape, probability });
    return this.tape.apply(dropoutOp, { x, mask });
  }

  /** Of the same value as many draws as the model takes of its last dropout; one where nothing is dropped. */
  sampledDropout(x: Value, probability: number, kind: DropoutKind): Value[] {
    const { training, dropoutSamples } = this.model;
    const count = training && probability > 0 ? dropoutSamples : 1;
    return Array.from({ length: count }, (_, index) => this.dropout(x, probability, kind, index));
  }

  private qualified(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}
