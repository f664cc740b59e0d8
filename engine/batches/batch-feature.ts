import type { Graph, Value } from '../graph/graph.js';
import type { Shape } from '../graph/shape.js';
import type { BatchLayout } from './batch-layout.js';
import type { PaddedBatch } from './padded-batch.js';

/** The arrays of the host's, by the type of the input that they are fed to. */
interface ArrayOf {
  readonly int64: BigInt64Array;
  readonly float32: Float32Array;
}

type FeatureType = keyof ArrayOf;

/** An input of a graph. */
export interface FeatureInput<T extends FeatureType = FeatureType> {
  readonly name: string;
  readonly type: T;
  readonly shape: Shape;
}

export type FeatureInputs = Readonly<Record<string, FeatureInput>>;

export type ValuesOf<I extends FeatureInputs> = { readonly [K in keyof I]: Value };

export type ArraysOf<I extends FeatureInputs> = { readonly [K in keyof I]: ArrayOf[I[K]['type']] };

/**
 * What a model takes of a batch, in the three forms that there are of it: as inputs of a graph, as the arrays that the
 * host feeds to these, and as an exported graph computes it of padded inputs. The three are one thing: of the same
 * texts, none of them padded, they are the same numbers.
 */
export interface BatchFeature<I extends FeatureInputs = FeatureInputs> {
  /** By what each is to the feature. */
  readonly inputs: I;
  /** Row-major, each as long as its input's shape says. */
  readonly host: (layout: BatchLayout) => ArraysOf<I>;
  readonly exported: (padded: PaddedBatch) => ValuesOf<I>;
}

/** An input of int64. */
export function int64(name: string, ...shape: Shape): FeatureInput<'int64'> {
  return { name, type: 'int64', shape };
}

/** An input of float32. */
export function float32(name: string, ...shape: Shape): FeatureInput<'float32'> {
  return { name, type: 'float32', shape };
}

/** A feature, of which the compiler checks that its three forms have the same parts. */
export function feature<const I extends FeatureInputs>(record: BatchFeature<I>): BatchFeature<I> {
  return record;
}

/** A form of any feature's values, such as inputs of a graph. */
export type Form = <I extends FeatureInputs>(feature: BatchFeature<I>) => ValuesOf<I>;

/** As inputs of a graph, fed by the host. */
export function declared(graph: Graph): Form {
  return ({ inputs }) =>
    mapped(inputs, ({ name, type, shape }: FeatureInput) => graph.input(name, type, shape));
}

/** As values that the graph computes of padded inputs. */
export function computed(padded: PaddedBatch): Form {
  return ({ exported }) => exported(padded);
}

function mapped<I extends FeatureInputs>(inputs: I, of: (input: FeatureInput) => Value): ValuesOf<I> {
  const entries = Object.entries(inputs).map(([key, input]) => [key, of(input)]);
  return Object.fromEntries(entries) as ValuesOf<I>;
}
