import { asymmetricLoss } from '../../../engine/losses/asymmetric.js';
import { bernoulliDivergence, softmaxDivergence } from '../../../engine/losses/divergence.js';
import { binaryCrossEntropy } from '../../../engine/losses/binary-cross-entropy.js';
import { softmaxCrossEntropy } from '../../../engine/losses/softmax-cross-entropy.js';
import { weightedBinaryCrossEntropy } from '../../../engine/losses/weighted-binary-cross-entropy.js';
import { weightedSoftmaxCrossEntropy } from '../../../engine/losses/weighted-softmax-cross-entropy.js';
import { uniform } from '../../../engine/kernels/philox.js';
import * as activations from '../../../engine/ops/activations.js';
import * as arithmetic from '../../../engine/ops/arithmetic.js';
import * as layout from '../../../engine/ops/layout.js';
import { layerNorm } from '../../../engine/ops/normalization.js';
import type { Op } from '../../../engine/ops/op.js';
import { linear, matMul } from '../../../engine/ops/products.js';
import { rotary } from '../../../engine/ops/rotary.js';
import { skew } from '../../../engine/ops/skew.js';
import type { Shape } from '../../../engine/graph/shape.js';
import { groupSizes } from '../../../engine/batches/batch-sizes.js';
import { groupDims } from '../../../engine/nn/packing.js';
import type { OpSample, SampleTensor } from './op-run.js';
import { sampleOf } from './op-run.js';

/** A sample by a title that says what is particular about it. */
export interface GeneratedSample {
  readonly title: string;
  readonly sample: OpSample;
}

type Sizes = Readonly<Record<string, number>>;

let draw = 0;

/** Numbers of either sign, no closer to 0 than 0.25: no kink and no pole is within a difference's reach. */
export function numbers(count: number): number[] {
  const values = uniform(count, [7, 0], [draw++, 0, 0]);
  return Array.from(values, (u) => Math.fround(u < 0.5 ? -0.25 - 3 * u : 0.25 + 3 * (u - 0.5)));
}

export function count(shape: Shape, sizes: Sizes): number {
  return shape.reduce<number>(
    (product, dim) => product * (typeof dim === 'number' ? dim : (sizes[dim] as number)),
    1,
  );
}

function floats(shape: Shape, sizes: Sizes = {}): SampleTensor {
  return { shape, type: 'float32', data: numbers(count(shape, sizes)) };
}

function indices(data: readonly number[], shape: Shape = [data.length]): SampleTensor {
  return { shape, type: 'int64', data };
}

function zeroOne(data: readonly number[], shape: Shape): SampleTensor {
  return { shape, type: 'float32', data };
}

/** Rows with a named number, rows of one column, a single entry. */
function elementwise(op: Op<'x'>): GeneratedSample[] {
  const sizes = { rows: 4 };
  return [
    { title: 'over named rows', sample: sampleOf(op, { x: floats(['rows', 3], sizes) }, undefined, sizes) },
    { title: 'over one column', sample: sampleOf(op, { x: floats([3, 1]) }, undefined) },
    { title: 'over one entry', sample: sampleOf(op, { x: floats([1, 1, 1]) }, undefined) },
  ];
}

const broadcasts: readonly (readonly [string, Shape, Shape])[] = [
  ['of named rows with one row', ['rows', 3], [3]],
  ['of one row with named rows', [1, 3], ['rows', 3]],
  ['of a column with a row', ['rows', 1], [1, 2]],
  ['in the middle axis', [2, 1, 2], ['rows', 1]],
  ['of named rows with one entry', ['rows', 2], [1, 1]],
  ['of one entry with one entry', [1, 1], [1]],
];

function binary(op: Op<'a' | 'b'>): GeneratedSample[] {
  const sizes = { rows: 3 };
  return broadcasts.map(([title, a, b]) => ({
    title,
    sample: sampleOf(op, { a: floats(a, sizes), b: floats(b, sizes) }, undefined, sizes),
  }));
}

function products(): GeneratedSample[] {
  const sizes = { n: 2, rows: 3 };
  const shapes: readonly (readonly [string, Shape, Shape, Shape])[] = [
    ['of named matrices', ['n', 'rows', 4], ['n', 4, 2], ['n', 2, 4]],
    ['whose second matrix is shared', ['n', 'rows', 4], [4, 2], [2, 4]],
    ['whose first matrix is shared', [1, 'rows', 2], ['n', 2, 3], ['n', 3, 2]],
    ['over an inner size of 1', ['rows', 1], [1, 2], [2, 1]],
    ['of one entry', [1, 1, 1], [1, 1, 1], [1, 1, 1]],
  ];
  return shapes.flatMap(([title, a, b, transposed]) => [
    {
      title: `A·B ${title}`,
      sample: sampleOf(
        matMul,
        { a: floats(a, sizes), b: floats(b, sizes) },
        { transposeB: false, alpha: 1 },
        sizes,
      ),
    },
    {
      title: `½·A·Bᵀ ${title}`,
      sample: sampleOf(
        matMul,
        { a: floats(a, sizes), b: floats(transposed, sizes) },
        { transposeB: true, alpha: 0.5 },
        sizes,
      ),
    },
  ]);
}

function linears(): GeneratedSample[] {
  const sizes = { tokens: 4 };
  return [
    ['of named rows', ['tokens', 3] as Shape, 2],
    ['of one row', [1, 3] as Shape, 2],
    ['of one column to one', ['tokens', 1] as Shape, 1],
  ].map(([title, shape, outputs]) => {
    const inputs = (shape as Shape)[1] as number;
    const x = floats(shape as Shape, sizes);
    const [weight, bias] = [floats([outputs as number, inputs]), floats([outputs as number])];
    return { title: title as string, sample: sampleOf(linear, { x, weight, bias }, undefined, sizes) };
  });
}

function layerNorms(): GeneratedSample[] {
  const sizes = { rows: 3 };
  const shapes: readonly (readonly [string, Shape])[] = [
    ['of named rows', ['rows', 6]],
    ['of rows with two axes', [2, 'rows', 4]],
    ['of one row', [1, 5]],
  ];
  return shapes.map(([title, shape]) => {
    const width = shape[shape.length - 1] as number;
    const inputs = { x: floats(shape, sizes), scale: floats([width]), bias: floats([width]) };
    return { title, sample: sampleOf(layerNorm, inputs, { epsilon: 1e-5 }, sizes) };
  });
}

function masked(): GeneratedSample[] {
  const sizes = { rows: 2 };
  const mask = zeroOne([2, 0, 2, 0, 0, 2], ['rows', 3]);
  const one = zeroOne([0], [1]);
  return [
    {
      title: 'with a mask',
      sample: sampleOf(arithmetic.dropout, { x: floats(['rows', 3], sizes), mask }, undefined, sizes),
    },
    {
      title: 'of one dropped entry',
      sample: sampleOf(arithmetic.dropout, { x: floats([1]), mask: one }, undefined),
    },
  ];
}

function layouts(): Record<string, GeneratedSample[]> {
  const sizes = { rows: 4, half: 2 };
  const x = floats(['rows', 3], sizes);
  const one = floats([1, 1]);
  return {
    reshape: [
      {
        title: 'with one named size',
        sample: sampleOf(layout.reshape, { x }, { shape: ['rows', 1, 3] }, sizes),
      },
      {
        title: 'with two named sizes',
        sample: sampleOf(layout.reshape, { x }, { shape: ['half', 'half', 3] }, sizes),
      },
      { title: 'of one entry', sample: sampleOf(layout.reshape, { x: one }, { shape: [1, 1, 1] }) },
    ],
    transpose: [
      {
        title: 'of a matrix',
        sample: sampleOf(layout.transpose, { x }, { permutation: [1, 0] }, sizes),
      },
      {
        title: 'that is not its own inverse',
        sample: sampleOf(
          layout.transpose,
          { x: floats([2, 'rows', 3], sizes) },
          { permutation: [1, 2, 0] },
          sizes,
        ),
      },
    ],
    expand: [
      {
        title: 'of a row to named rows',
        sample: sampleOf(layout.expand, { x: floats([1, 3]) }, { shape: ['rows', 3] }, sizes),
      },
      {
        title: 'by a new axis',
        sample: sampleOf(layout.expand, { x: floats([3, 1]) }, { shape: ['half', 3, 'rows'] }, sizes),
      },
    ],
    split: [
      {
        title: 'along named rows',
        sample: sampleOf(layout.split, { x }, { axis: 0, sizes: ['half', 'half'] }, sizes),
      },
      {
        title: 'in three along columns',
        sample: sampleOf(layout.split, { x }, { axis: 1, sizes: [1, 1, 1] }, sizes),
      },
    ],
    concat: [
      {
        title: 'along named rows',
        sample: sampleOf(
          layout.concat,
          { a: floats(['half', 3], sizes), b: floats(['half', 3], sizes) },
          { axis: 0, size: 'rows' },
          sizes,
        ),
      },
      {
        title: 'of unequal parts',
        sample: sampleOf(layout.concat, { a: floats([2, 1]), b: floats([2, 3]) }, { axis: 1, size: 4 }),
      },
    ],
    sliceRows: [
      {
        title: 'from the middle, all sizes named',
        sample: sampleOf(
          layout.sliceRows,
          { x: floats([5, 2]) },
          { from: 'from', to: 'to', size: 'size', after: 'after' },
          { from: 1, to: 4, size: 3, after: 1 },
        ),
      },
      {
        title: 'of every row',
        sample: sampleOf(layout.sliceRows, { x: one }, { from: 0, to: 1, size: 1, after: 0 }),
      },
    ],
    lookup: [
      {
        title: 'of repeated ids',
        sample: sampleOf(
          layout.lookup,
          { table: floats([5, 2]), ids: indices([3, 0, 3, 3], ['rows']) },
          undefined,
          sizes,
        ),
      },
      {
        title: 'in a table of one entry',
        sample: sampleOf(layout.lookup, { table: one, ids: indices([0]) }, undefined),
      },
    ],
    gatherRows: [
      {
        title: 'that leaves rows out',
        sample: sampleOf(
          layout.gatherRows,
          {
            x,
            index: indices([2, 0]),
            inverse: indices([1, 0, 0, 0]),
            inverseMask: zeroOne([1, 0, 1, 0], [4, 1]),
          },
          undefined,
          sizes,
        ),
      },
      {
        title: 'of one row',
        sample: sampleOf(
          layout.gatherRows,
          { x: one, index: indices([0]), inverse: indices([0]), inverseMask: zeroOne([1], [1, 1]) },
          undefined,
        ),
      },
    ],
    permuteRows: [
      {
        title: 'in another order',
        sample: sampleOf(
          layout.permuteRows,
          { x, index: indices([2, 0, 3, 1], ['rows']), inverse: indices([1, 3, 0, 2], ['rows']) },
          undefined,
          sizes,
        ),
      },
      {
        title: 'of one row',
        sample: sampleOf(
          layout.permuteRows,
          { x: one, index: indices([0]), inverse: indices([0]) },
          undefined,
        ),
      },
    ],
  };
}

function windows(): GeneratedSample[] {
  return [1, 2, 3].map((length) => {
    const sizes = groupSizes(0, 1, 2, length);
    const dims = groupDims(0);
    const x = floats([dims.headBatch, dims.length, dims.window], sizes);
    return { title: `of named length ${length}`, sample: sampleOf(skew, { x }, dims, sizes) };
  });
}

function losses(): GeneratedSample[] {
  const sizes = { texts: 3 };
  const targets = [1, 0, 0, 1, 1, 0];
  return [
    {
      title: 'over named texts',
      sample: sampleOf(
        binaryCrossEntropy,
        { logits: floats(['texts', 2], sizes), targets: zeroOne(targets, ['texts', 2]) },
        undefined,
        sizes,
      ),
    },
    {
      title: 'over one text with one label',
      sample: sampleOf(
        binaryCrossEntropy,
        { logits: floats([1, 1]), targets: zeroOne([1], [1, 1]) },
        undefined,
      ),
    },
  ];
}

function divergences(op: Op<'a' | 'b'>): GeneratedSample[] {
  const sizes = { texts: 3 };
  const logits = { a: floats(['texts', 3], sizes), b: floats(['texts', 3], sizes) };
  return [
    { title: 'over named texts', sample: sampleOf(op, logits, undefined, sizes) },
    { title: 'over one text', sample: sampleOf(op, { a: floats([1, 2]), b: floats([1, 2]) }, undefined) },
  ];
}

function classLosses(): GeneratedSample[] {
  const sizes = { texts: 3 };
  const classes = zeroOne([0, 0, 1, 1, 0, 0, 0, 0, 1], ['texts', 3]);
  return [
    {
      title: 'over named texts',
      sample: sampleOf(
        softmaxCrossEntropy,
        { logits: floats(['texts', 3], sizes), targets: classes },
        undefined,
        sizes,
      ),
    },
    {
      title: 'over one text with one class',
      sample: sampleOf(
        softmaxCrossEntropy,
        { logits: floats([1, 1]), targets: zeroOne([1], [1, 1]) },
        undefined,
      ),
    },
  ];
}

/** With everything on, over named texts. */
const shaped = { labelSmoothing: 0.125, weights: [2, 0.5, 1], focalGamma: 1.5 };
const shapedTargets = zeroOne([0, 0, 1, 1, 0, 0, 0, 1, 0], ['texts', 3]);

function weightedLosses(op: typeof weightedBinaryCrossEntropy): GeneratedSample[] {
  const sizes = { texts: 3 };
  const inputs = { logits: floats(['texts', 3], sizes), targets: shapedTargets };
  return [
    { title: 'with all settings', sample: sampleOf(op, inputs, shaped, sizes) },
    { title: 'smoothed', sample: sampleOf(op, inputs, { ...shaped, weights: null, focalGamma: 0 }, sizes) },
  ];
}

function asymmetricLosses(): GeneratedSample[] {
  const sizes = { texts: 3 };
  const inputs = { logits: floats(['texts', 3], sizes), targets: shapedTargets };
  return [0.125, 0].map((margin) => {
    const settings = { gammaNegative: 3, gammaPositive: 1, margin };
    return { title: `with a margin of ${margin}`, sample: sampleOf(asymmetricLoss, inputs, settings, sizes) };
  });
}

function turns(): GeneratedSample[] {
  const sizes = { tokens: 3 };
  const angles = ['tokens', 1, 2] as const;
  const inputs = {
    x: floats(['tokens', 2, 4], sizes),
    cos: floats(angles, sizes),
    sin: floats(angles, sizes),
  };
  return [{ title: 'of named rows', sample: sampleOf(rotary, inputs, undefined, sizes) }];
}

/** By name of the op record. */
const generated: Readonly<Record<string, GeneratedSample[]>> = {
  linear: linears(),
  matMul: products(),
  add: binary(arithmetic.add),
  subtract: binary(arithmetic.subtract),
  multiply: binary(arithmetic.multiply),
  divide: binary(arithmetic.divide),
  dropout: masked(),
  gelu: elementwise(activations.gelu),
  geluTanh: elementwise(activations.geluTanh),
  tanh: elementwise(activations.tanh),
  relu: elementwise(activations.relu),
  softmax: elementwise(activations.softmax),
  layerNorm: layerNorms(),
  skew: windows(),
  rotary: turns(),
  binaryCrossEntropy: losses(),
  softmaxCrossEntropy: classLosses(),
  weightedBinaryCrossEntropy: weightedLosses(weightedBinaryCrossEntropy),
  weightedSoftmaxCrossEntropy: weightedLosses(weightedSoftmaxCrossEntropy),
  asymmetricLoss: asymmetricLosses(),
  bernoulliDivergence: divergences(bernoulliDivergence),
  softmaxDivergence: divergences(softmaxDivergence),
  ...layouts(),
};

export const generatedSamples: readonly GeneratedSample[] = Object.entries(generated).flatMap(
  ([name, samples]) => samples.map(({ title, sample }) => ({ title: `${name} ${title}`, sample })),
);
