import { gradients } from '../../../engine/autodiff/gradients.js';
import type { Device } from '../../../engine/device/device.js';
import { programOf } from '../../../engine/device/program.js';
import type { Value } from '../../../engine/graph/graph.js';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import type { Shape } from '../../../engine/graph/shape.js';
import type { Op } from '../../../engine/ops/op.js';
import { simpleOp } from '../../../engine/ops/op.js';
import type { Application } from '../../../engine/ops/tape.js';
import { Tape } from '../../../engine/ops/tape.js';
import type { Session, Tensor } from '../../../engine/runtime/runtime.js';

export type AnyOp = Application['op'];

export interface SampleTensor {
  readonly shape: Shape;
  readonly type: 'float32' | 'int64';
  /** Row-major. */
  readonly data: readonly number[];
}

/** One use of an op. Named sizes in shapes and attributes are those of `sizes`. */
export interface OpSample {
  readonly op: AnyOp;
  readonly inputs: Readonly<Record<string, SampleTensor>>;
  readonly attributes: unknown;
  readonly sizes: Readonly<Record<string, number>>;
}

export function sampleOf<Input extends string, Attributes, Saved>(
  op: Op<Input, Attributes, Saved>,
  inputs: Readonly<Record<Input, SampleTensor>>,
  attributes: Attributes,
  sizes: Readonly<Record<string, number>> = {},
): OpSample {
  return { op: op as unknown as AnyOp, inputs, attributes, sizes };
}

/** Inputs that a gradient flows to. */
export function differentiable({ op, inputs }: Pick<OpSample, 'op' | 'inputs'>): string[] {
  return Object.keys(inputs).filter((name) => op.gradient[name] !== null);
}

/** Numbers as a run gives them, by name, row-major. */
export interface OpRun {
  readonly shapes: readonly (readonly number[])[];
  readonly outputs: readonly Float32Array[];
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/** Σ x⊙weights, which makes `weights` the gradient that arrives at x. */
const weightedSum = simpleOp<'x' | 'weights'>({
  name: 'weightedSum',
  forward: (g, { x, weights }) =>
    node.reduceSum(
      g,
      node.mul(g, x, weights),
      x.shape.map((_, axis) => axis),
      false,
    ),
  gradient: { x: ({ graph, dy, inputs }) => node.mul(graph, dy, inputs.weights), weights: null },
});

const sum = simpleOp<'a' | 'b'>({
  name: 'sum',
  forward: (g, { a, b }) => node.add(g, a, b),
  gradient: { a: ({ dy }) => dy, b: ({ dy }) => dy },
});

/** An op with its gradients as an ONNX session: the same one for goldens and for finite differences. */
export class OpSession {
  private constructor(
    private readonly device: Device,
    private readonly sample: OpSample,
    private readonly session: Session,
    private readonly outputShapes: readonly Shape[],
  ) {}

  static async create(sample: OpSample, device: Device): Promise<OpSession> {
    const graph = new Graph();
    const tape = new Tape(graph);
    const inputs: Record<string, Value> = {};
    for (const [name, { type, shape }] of Object.entries(sample.inputs)) {
      inputs[name] = graph.input(name, type, shape);
    }
    const outputs = tape.applyAll(sample.op, inputs, sample.attributes);
    const losses = outputs.map((x, i) => {
      graph.output(`output:${i}`, x);
      const weights = graph.input(`upstream:${i}`, 'float32', x.shape);
      return tape.apply(weightedSum, { x, weights });
    });
    const loss = losses.reduce((a, b) => tape.apply(sum, { a, b }));
    const parameters = differentiable(sample).map((name) => inputs[name] as Value);
    for (const [name, gradient] of gradients(tape, loss, parameters)) {
      graph.output(`gradient:${name}`, gradient.kind === 'dense' ? gradient.value : gradient.rows);
    }
    const session = await device.compile(programOf(graph, sample.op.name));
    return new OpSession(
      device,
      sample,
      session,
      outputs.map(({ shape }) => shape),
    );
  }

  /** Of the results. */
  get shapes(): readonly (readonly number[])[] {
    return this.outputShapes.map((shape) => this.resolve(shape));
  }

  /** @param upstream per result, in their order @param changed inputs in place of the sample's own */
  async run(
    upstream: readonly (readonly number[])[],
    changed: Readonly<Record<string, readonly number[]>> = {},
  ): Promise<OpRun> {
    const { inputs, sizes } = this.sample;
    const feeds: Record<string, Tensor> = {};
    for (const [name, { type, shape, data }] of Object.entries(inputs)) {
      feeds[name] = this.tensor(type, this.resolve(shape), changed[name] ?? data);
    }
    this.outputShapes.forEach((shape, i) => {
      feeds[`upstream:${i}`] = this.tensor('float32', this.resolve(shape), upstream[i] ?? []);
    });
    for (const [name, size] of Object.entries(sizes))
      feeds[`dim:${name}`] = this.tensor('int64', [1], [size]);
    const wanted = Object.fromEntries(this.session.inputs.map((name) => [name, feeds[name] as Tensor]));
    const results = await this.session.run(
      wanted,
      Object.fromEntries(this.session.outputs.map((name) => [name, null])),
    );
    const run = this.read(results);
    [...Object.values(feeds), ...Object.values(results)].forEach((held) => held.release());
    return run;
  }

  release(): void {
    this.session.release();
  }

  private read(results: Readonly<Record<string, Tensor>>): OpRun {
    const copy = (name: string): Float32Array => Float32Array.from(results[name]?.data as Float32Array);
    return {
      shapes: this.outputShapes.map((_, i) => results[`output:${i}`]?.shape ?? []),
      outputs: this.outputShapes.map((_, i) => copy(`output:${i}`)),
      gradients: Object.fromEntries(
        differentiable(this.sample).map((name) => [name, this.dense(name, copy(`gradient:${name}`))]),
      ),
    };
  }

  /** Adds the rows of a table's gradient up, as the optimizer does. */
  private dense(name: string, gradient: Float32Array): Float32Array {
    const { op, inputs } = this.sample;
    if (op.gradient[name] !== 'rows') return gradient;
    const { shape, data } = inputs[name] as SampleTensor;
    const width = this.resolve(shape)[1] as number;
    const table = new Float32Array(data.length);
    inputs['ids']?.data.forEach((id, row) => {
      for (let i = 0; i < width; i++) {
        table[id * width + i] = (table[id * width + i] as number) + (gradient[row * width + i] as number);
      }
    });
    return table;
  }

  private resolve(shape: Shape): number[] {
    return shape.map((dim) => (typeof dim === 'number' ? dim : (this.sample.sizes[dim] as number)));
  }
  private tensor(type: SampleTensor['type'], shape: readonly number[], data: readonly number[]): Tensor {
    const array = type === 'float32' ? Float32Array.from(data) : BigInt64Array.from(data, BigInt);
    return this.device.tensor(type, shape, array);
  }
}
