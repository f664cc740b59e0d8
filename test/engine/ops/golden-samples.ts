import { readFileSync } from 'node:fs';
import type { Op } from '../../../engine/ops/op.js';
import * as activations from '../../../engine/ops/activations.js';
import * as arithmetic from '../../../engine/ops/arithmetic.js';
import { asymmetricLoss } from '../../../engine/losses/asymmetric.js';
import type { AsymmetricSettings, LossSettings } from '../../../engine/losses/settings.js';
import { weightedBinaryCrossEntropy } from '../../../engine/losses/weighted-binary-cross-entropy.js';
import { weightedSoftmaxCrossEntropy } from '../../../engine/losses/weighted-softmax-cross-entropy.js';
import { bernoulliDivergence, softmaxDivergence } from '../../../engine/losses/divergence.js';
import { binaryCrossEntropy } from '../../../engine/losses/binary-cross-entropy.js';
import { softmaxCrossEntropy } from '../../../engine/losses/softmax-cross-entropy.js';
import * as layout from '../../../engine/ops/layout.js';
import { layerNorm } from '../../../engine/ops/normalization.js';
import { linear, matMul } from '../../../engine/ops/products.js';
import { rotary } from '../../../engine/ops/rotary.js';
import { skew } from '../../../engine/ops/skew.js';
import type { OpSample, SampleTensor } from './op-run.js';
import { sampleOf } from './op-run.js';

interface GoldenTensor {
  readonly shape: number[];
  readonly dtype: 'float' | 'int64';
  readonly data: number[];
}

/** What test/golden/ops/generate.py writes. */
interface Golden {
  readonly attributes: Record<string, unknown>;
  readonly inputs: Record<string, GoldenTensor>;
  readonly output: GoldenTensor;
  readonly upstream: GoldenTensor;
  readonly gradients: Record<string, GoldenTensor>;
}

/** A sample with PyTorch's numbers for it. */
export interface GoldenSample {
  readonly title: string;
  readonly sample: OpSample;
  readonly shapes: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
  readonly upstream: readonly (readonly number[])[];
  /** By input; inputs left out are not compared. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

function read(op: string): Golden[] {
  const url = new URL(`../../golden/ops/${op}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { samples: Golden[] }).samples;
}

function converted({ shape, dtype, data }: GoldenTensor): SampleTensor {
  return { shape, data, type: dtype === 'float' ? 'float32' : 'int64' };
}

function input(golden: Golden, name: string): GoldenTensor {
  const tensor = golden.inputs[name];
  if (tensor === undefined) throw new TypeError(`the golden has no input '${name}'`);
  return tensor;
}

function expectation(golden: Golden): Omit<GoldenSample, 'title' | 'sample'> {
  return {
    shapes: [golden.output.shape],
    outputs: [golden.output.data],
    upstream: [golden.upstream.data],
    gradients: Object.fromEntries(Object.entries(golden.gradients).map(([name, { data }]) => [name, data])),
  };
}

type Untitled = Omit<GoldenSample, 'title'>;

/** The op takes the golden's inputs and attributes by other names at most. */
function alike<Input extends string, Attributes>(
  op: Op<Input, Attributes>,
  file: string,
  attributes: (golden: Golden) => Attributes,
  names: Readonly<Record<string, Input>> = {},
): Untitled[] {
  return read(file).map((golden) => {
    const inputs = Object.fromEntries(
      Object.entries(golden.inputs).map(([name, tensor]) => [names[name] ?? name, converted(tensor)]),
    ) as Record<Input, SampleTensor>;
    return { ...expectation(golden), sample: sampleOf(op, inputs, attributes(golden)) };
  });
}

const none = (): void => undefined;
const elementwise = (op: Op<'x'>): Untitled[] => alike(op, op.name, none);
const binary = (op: Op<'a' | 'b'>): Untitled[] => alike(op, op.name, none);

/** Our products take matrices; further axes of a golden are more rows of the same matrix. */
function asRows(tensor: GoldenTensor): SampleTensor {
  const columns = tensor.shape[tensor.shape.length - 1] as number;
  return { ...converted(tensor), shape: [tensor.data.length / columns, columns] };
}

function linears(): Untitled[] {
  return read('linear')
    .filter((golden) => 'bias' in golden.inputs)
    .map((golden) => {
      const x = asRows(input(golden, 'x'));
      const [weight, bias] = [converted(input(golden, 'weight')), converted(input(golden, 'bias'))];
      const shapes = [asRows(golden.output).shape as number[]];
      return { ...expectation(golden), shapes, sample: sampleOf(linear, { x, weight, bias }, undefined) };
    });
}

/** A layer without bias is a product with the transposed weight. */
function products(): Untitled[] {
  const transposed = read('linear')
    .filter((golden) => !('bias' in golden.inputs))
    .map((golden) => {
      const { x, weight } = golden.gradients as Record<'x' | 'weight', GoldenTensor>;
      const inputs = { a: converted(input(golden, 'x')), b: converted(input(golden, 'weight')) };
      return {
        ...expectation(golden),
        gradients: { a: x.data, b: weight.data },
        sample: sampleOf(matMul, inputs, { transposeB: true, alpha: 1 }),
      };
    });
  return [...alike(matMul, 'matMul', () => ({ transposeB: false, alpha: 1 })), ...transposed];
}

/** The place of each row of x in a flat index, with whether any place took it. */
function inverseOf(index: readonly number[], rows: number): { inverse: SampleTensor; mask: SampleTensor } {
  const places = Array.from({ length: rows }, (_, row) => index.indexOf(row));
  return {
    inverse: { shape: [rows], type: 'int64', data: places.map((place) => Math.max(place, 0)) },
    mask: { shape: [rows, 1], type: 'float32', data: places.map((place) => Number(place >= 0)) },
  };
}

/** Only an index that takes no row twice has an inverse; with others the rows alone are compared. */
function gathers(op: 'gatherRows' | 'permuteRows'): Untitled[] {
  return read('gatherRows').flatMap((golden): Untitled[] => {
    const [x, index] = [converted(input(golden, 'x')), converted(input(golden, 'index'))];
    const rows = x.shape[0] as number;
    const unique = new Set(index.data).size === index.data.length;
    const whole = unique && index.data.length === rows;
    if (op === 'permuteRows' ? !whole : index.shape.length !== 1) return [];
    const { inverse, mask } = inverseOf(index.data, rows);
    const sample =
      op === 'permuteRows'
        ? sampleOf(layout.permuteRows, { x, index, inverse }, undefined)
        : sampleOf(layout.gatherRows, { x, index, inverse, inverseMask: mask }, undefined);
    const expected = expectation(golden);
    return [{ ...expected, gradients: unique ? expected.gradients : {}, sample }];
  });
}

function rowSlices(): Untitled[] {
  return read('slice')
    .filter(({ attributes }) => attributes['axis'] === 0)
    .map((golden) => {
      const x = converted(input(golden, 'x'));
      const { start: from, end: to } = golden.attributes as { start: number; end: number };
      const after = (x.shape[0] as number) - to;
      const sample = sampleOf(layout.sliceRows, { x }, { from, to, size: to - from, after });
      return { ...expectation(golden), sample };
    });
}

function axisOf({ attributes, output }: Golden): number {
  const axis = attributes['axis'] as number;
  return axis < 0 ? axis + output.shape.length : axis;
}

/** `concat` read backwards: the joined tensor is taken apart, and the parts' gradients joined. */
function splits(): Untitled[] {
  return read('concat').map((golden) => {
    const axis = axisOf(golden);
    const parts = ['a', 'b'].map((name) => input(golden, name));
    const sizes = parts.map(({ shape }) => shape[axis] as number);
    return {
      sample: sampleOf(layout.split, { x: converted(golden.output) }, { axis, sizes }),
      shapes: parts.map(({ shape }) => shape),
      outputs: parts.map(({ data }) => data),
      upstream: ['a', 'b'].map((name) => golden.gradients[name]?.data ?? []),
      gradients: { x: golden.upstream.data },
    };
  });
}

/** Our windows have one axis for texts and heads. */
function windows(): Untitled[] {
  return read('skew').map((golden) => {
    const { shape, data } = input(golden, 'x');
    const [batch, heads, T] = shape as [number, number, number, number];
    const dims = {
      length: T,
      window: 2 * T,
      diagonal: 2 * T - 1,
      before: T - 1,
      area: 2 * T * T,
      skewedArea: T * (2 * T - 1),
      skewedEnd: T - 1 + T * (2 * T - 1),
    };
    const x: SampleTensor = { shape: [batch * heads, T, 2 * T], type: 'float32', data };
    return {
      ...expectation(golden),
      shapes: [[batch * heads, T, T]],
      sample: sampleOf(skew, { x }, dims),
    };
  });
}

/** Those of the golden are the op's own. */
function attributesOf<Attributes>({ attributes }: Golden): Attributes {
  return attributes as Attributes;
}

/** By name of the op record. */
const goldens: Readonly<Record<string, () => Untitled[]>> = {
  linear: linears,
  matMul: products,
  add: () => binary(arithmetic.add),
  subtract: () => binary(arithmetic.subtract),
  multiply: () => binary(arithmetic.multiply),
  divide: () => binary(arithmetic.divide),
  dropout: () => alike(arithmetic.dropout, 'dropout', none),
  gelu: () => elementwise(activations.gelu),
  geluTanh: () => elementwise(activations.geluTanh),
  tanh: () => elementwise(activations.tanh),
  relu: () => elementwise(activations.relu),
  softmax: () => elementwise(activations.softmax),
  layerNorm: () =>
    alike(layerNorm as unknown as Op<'x' | 'scale' | 'bias', { epsilon: number }>, 'layerNorm', (golden) => ({
      epsilon: golden.attributes['epsilon'] as number,
    })),
  lookup: () => alike(layout.lookup, 'lookup', none),
  gatherRows: () => gathers('gatherRows'),
  permuteRows: () => gathers('permuteRows'),
  sliceRows: rowSlices,
  transpose: () =>
    alike(layout.transpose, 'transpose', ({ attributes }) => ({
      permutation: attributes['permutation'] as number[],
    })),
  reshape: () =>
    alike(layout.reshape, 'reshape', ({ attributes }) => ({ shape: attributes['shape'] as number[] })),
  expand: () =>
    alike(layout.expand, 'expand', ({ attributes }) => ({ shape: attributes['shape'] as number[] })),
  rotary: () => alike(rotary, 'rotary', none),
  concat: () =>
    alike(layout.concat, 'concat', (golden) => {
      const axis = axisOf(golden);
      return { axis, size: golden.output.shape[axis] as number };
    }),
  split: splits,
  skew: windows,
  binaryCrossEntropy: () => alike(binaryCrossEntropy, 'bceWithLogits', none, { labels: 'targets' }),
  softmaxCrossEntropy: () => alike(softmaxCrossEntropy, 'softmaxCrossEntropy', none),
  weightedBinaryCrossEntropy: () =>
    alike(weightedBinaryCrossEntropy, 'weightedBinaryCrossEntropy', attributesOf<LossSettings>),
  weightedSoftmaxCrossEntropy: () =>
    alike(weightedSoftmaxCrossEntropy, 'weightedSoftmaxCrossEntropy', attributesOf<LossSettings>),
  bernoulliDivergence: () => binary(bernoulliDivergence),
  softmaxDivergence: () => binary(softmaxDivergence),
  asymmetricLoss: () => alike(asymmetricLoss, 'asymmetricLoss', attributesOf<AsymmetricSettings>),
};

export const goldenSamples: readonly GoldenSample[] = Object.entries(goldens).flatMap(([name, make]) =>
  make().map((golden, i) => ({ ...golden, title: `${name}, sample ${i + 1}` })),
);
