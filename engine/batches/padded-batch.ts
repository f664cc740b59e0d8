import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import type { Classifier } from '../models/family.js';
import { bindSizes } from './batch-sizes.js';

/**
 * What others feed, `input_ids` and `attention_mask` padded on the right, and what follows of it: every place is a row
 * of the batch, padded or not, and all texts are one group.
 */
export class PaddedBatch {
  /** int64 `[batch, sequence]` each. */
  readonly ids: Value;
  readonly mask: Value;
  readonly types: Value;
  /** int64 `[1]` each. */
  readonly batchSize: Value;
  readonly length: Value;
  readonly rows: Value;
  /** int64 `[tokens]`: 0, 1, … */
  readonly everyRow: Value;
  /** int64 `[tokens]`: its place in its text. */
  readonly place: Value;
  /** float32 `[tokens, 1]`: 0 in padded places. */
  readonly maskColumn: Value;

  constructor(
    readonly graph: Graph,
    classifier: Classifier,
  ) {
    const g = graph;
    const input = (name: string): Value => g.input(name, 'int64', ['batch', 'sequence']);
    this.ids = input('input_ids');
    this.mask = input('attention_mask');
    this.types = this.tokenTypes(input, classifier);
    const shape = this.emit('Shape', [this.ids], [2]);
    this.batchSize = this.emit('Slice', [shape, this.int(0), this.int(1)], [1]);
    this.length = this.emit('Slice', [shape, this.int(1), this.int(2)], [1]);
    this.rows = node.mul(g, this.batchSize, this.length);
    bindSizes(g, classifier, { batch: this.batchSize, length: this.length, slots: this.rows });
    this.everyRow = this.range(this.rows, 'tokens');
    const starts = node.mul(g, node.div(g, this.everyRow, this.length), this.length);
    this.place = node.sub(g, this.everyRow, starts);
    this.maskColumn = this.flat(node.cast(g, this.mask, 'float32'), ['tokens', 1]);
  }

  private tokenTypes(input: (name: string) => Value, { tokenTypes }: Classifier): Value {
    if (tokenTypes === 'fed') return input('token_type_ids');
    return tokenTypes === 'zero' ? node.sub(this.graph, this.ids, this.ids) : this.ids;
  }

  /** int64 0 … end − 1. @param size the name of the end */
  range(end: Value, size: string): Value {
    const scalar = node.reshape(this.graph, end, []);
    const zero = this.graph.constant('int64', [], [0]);
    const one = this.graph.constant('int64', [], [1]);
    return this.emit('Range', [zero, scalar, one], [size]);
  }

  flat(x: Value, shape: readonly (string | number)[]): Value {
    return node.reshape(this.graph, x, shape);
  }

  /** An int64 `[1]` constant. */
  int(value: number): Value {
    return this.graph.constant('int64', [1], [value]);
  }

  private emit(op: string, inputs: readonly Value[], shape: readonly (string | number)[]): Value {
    return this.graph.node(op, inputs, [{ type: 'int64', shape }])[0] as Value;
  }
}
