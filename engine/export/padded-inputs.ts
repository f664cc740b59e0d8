import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import type { Classifier } from '../models/family.js';
import type { Neighbours, PackedBatch, RelativeSpread } from '../nn/packing.js';
import { bucketDims, groupDims, MASKED } from '../nn/packing.js';

/** Distances up to here have a row of their own in the exported table; beyond, the last one serves. */
const LONGEST = 2048;

/** Computes a packed batch from padded inputs. */
export class PaddedInputs {
  private readonly ids: Value;
  private readonly mask: Value;
  private readonly types: Value;
  /** int64 `[1]` */
  private readonly batchSize: Value;
  private readonly length: Value;
  private readonly rows: Value;

  constructor(
    private readonly g: Graph,
    private readonly classifier: Classifier,
  ) {
    const input = (name: string): Value => g.input(name, 'int64', ['batch', 'sequence']);
    this.ids = input('input_ids');
    this.mask = input('attention_mask');
    this.types = this.tokenTypes(input);
    const shape = this.emit('Shape', [this.ids], [2]);
    this.batchSize = this.emit('Slice', [shape, this.int(0), this.int(1)], [1]);
    this.length = this.emit('Slice', [shape, this.int(1), this.int(2)], [1]);
    this.rows = node.mul(g, this.batchSize, this.length);
    this.bindSizes();
  }

  batch(): PackedBatch {
    const g = this.g;
    const everyRow = this.range(this.rows, 'tokens');
    const place = node.sub(g, everyRow, node.mul(g, node.div(g, everyRow, this.length), this.length));
    const slots = { ...everyRow, shape: ['slots'] };
    const maskColumn = this.flat(node.cast(g, this.mask, 'float32'), ['tokens', 1]);
    return {
      tokenIds: this.flat(this.ids, ['tokens']),
      positions: this.positions(place),
      tokenTypes: this.flat(this.types, ['tokens']),
      slotToken: slots,
      tokenSlot: everyRow,
      slotMask: maskColumn,
      firstToken: node.mul(g, this.range(this.batchSize, 'texts'), this.length),
      tokenText: node.div(g, everyRow, this.length),
      isFirst: maskColumn,
      groups: [
        {
          dims: groupDims(0),
          keyMask: this.keyMask(),
          windowMask: this.windowMask(),
          share: this.share(),
          spread: this.spread(),
        },
      ],
      neighbours: new Map(
        this.classifier.neighbours.map((distance) => [distance, this.neighbours(everyRow, place, distance)]),
      ),
    };
  }

  private tokenTypes(input: (name: string) => Value): Value {
    const { tokenTypes } = this.classifier;
    if (tokenTypes === 'fed') return input('token_type_ids');
    return tokenTypes === 'zero' ? node.sub(this.g, this.ids, this.ids) : this.ids;
  }

  /** As the host counts them (inference/batch.ts). */
  private positions(place: Value): Value {
    const { g, classifier } = this;
    const { first, skipped } = classifier.positions;
    if (skipped === null) return first === 0 ? place : node.add(g, place, this.int(first));
    const [isSkipped] = g.node(
      'Equal',
      [this.ids, this.int(skipped)],
      [{ type: 'bool', shape: this.ids.shape }],
    );
    const counts = node.sub(g, this.int(1), node.cast(g, isSkipped as Value, 'int64'));
    const [counted] = g.node('CumSum', [counts, this.int(1)], [{ type: 'int64', shape: this.ids.shape }]);
    const positions = node.add(g, node.mul(g, counted as Value, counts), this.int(first - 1));
    return this.flat(positions, ['tokens']);
  }

  private bindSizes(): void {
    const { g, length } = this;
    const twice = node.add(g, length, length);
    const diagonal = node.sub(g, twice, this.int(1));
    const before = node.sub(g, length, this.int(1));
    const skewedArea = node.mul(g, length, diagonal);
    const dims = groupDims(0);
    const sizes: Record<string, Value> = {
      tokens: this.rows,
      slots: this.rows,
      texts: this.batchSize,
      [dims.batch]: this.batchSize,
      [dims.slots]: this.rows,
      [dims.headBatch]: node.mul(g, this.batchSize, this.int(this.classifier.heads)),
      [dims.length as string]: length,
      [dims.window as string]: twice,
      [dims.diagonal as string]: diagonal,
      [dims.before as string]: before,
      [dims.area as string]: node.mul(g, length, twice),
      [dims.skewedArea as string]: skewedArea,
      [dims.skewedEnd as string]: node.add(g, before, skewedArea),
    };
    const rows = this.classifier.relativePositions?.rows ?? 0;
    Object.assign(sizes, {
      [bucketDims.from]: this.int(0),
      [bucketDims.to]: this.int(rows),
      [bucketDims.size]: this.int(rows),
      [bucketDims.after]: this.int(0),
    });
    for (const [name, value] of Object.entries(sizes)) g.bindDim(name, value);
  }

  /** Scores of padded keys: `[heads·batch, 1, length]`. */
  private keyMask(): Value {
    const { g, classifier } = this;
    const dims = groupDims(0);
    const absent = node.sub(g, node.scalar(g, 1), node.cast(g, this.mask, 'float32'));
    const scores = node.mul(g, absent, node.scalar(g, MASKED)); // [batch, sequence]
    const target = node.concat(g, [this.int(classifier.heads), this.batchSize, this.length], 0, 3);
    const [byHead] = g.node(
      'Expand',
      [scores, target],
      [{ type: 'float32', shape: [classifier.heads, 'texts', dims.length] }],
    );
    return node.reshape(g, byHead as Value, [dims.headBatch, 1, dims.length]);
  }

  /** Scores of keys beyond the window: `[length, length]`. */
  private windowMask(): Value | null {
    const { g, classifier } = this;
    if (classifier.window === null) return null;
    const { length } = groupDims(0);
    const place = this.range(this.length, length as string);
    const [column, row] = [node.reshape(g, place, [length, 1]), node.reshape(g, place, [1, length])];
    const distance = node.abs(g, node.sub(g, column, row));
    const [beyond] = g.node(
      'Greater',
      [distance, this.int(classifier.window)],
      [{ type: 'bool', shape: [length, length] }],
    );
    return node.mul(g, node.cast(g, beyond as Value, 'float32'), node.scalar(g, MASKED));
  }

  /** A token's share of its text: `[batch, 1, length]`. */
  private share(): Value | null {
    const { g, classifier } = this;
    if (!classifier.averaged) return null;
    const { batch, length } = groupDims(0);
    const present = node.cast(g, this.mask, 'float32');
    const shares = node.div(g, present, node.reduceSum(g, present, [1], true));
    return node.reshape(g, shares, [batch, 1, length]);
  }

  /** One-hot rows from a table of the buckets of all distances. */
  private spread(): RelativeSpread | null {
    const { g, length, classifier } = this;
    const relative = classifier.relativePositions;
    if (relative === null) return null;
    const buckets = Array.from({ length: 2 * LONGEST + 1 }, (_, i) => relative.rowOf(i - LONGEST));
    const table = g.constant('int64', [buckets.length], buckets);
    const dims = groupDims(0);
    const row = this.range(g.dim(dims.window), dims.window as string);
    const last = node.sub(g, length, this.int(1));
    const bucketRows = g.constant(
      'int64',
      [1, relative.rows],
      Array.from({ length: relative.rows }, (_, i) => i),
    );
    const oneHot = (distance: Value): Value => {
      const kept = node.max(g, node.min(g, distance, this.int(LONGEST)), this.int(-LONGEST));
      const bucket = node.gather(g, table, node.add(g, kept, this.int(LONGEST)));
      const column = node.reshape(g, bucket, [dims.window, 1]);
      const [equal] = g.node(
        'Equal',
        [column, bucketRows],
        [{ type: 'bool', shape: [dims.window, bucketDims.size] }],
      );
      return node.cast(g, equal as Value, 'float32');
    };
    return { descending: oneHot(node.sub(g, last, row)), ascending: oneHot(node.sub(g, row, last)) };
  }

  private neighbours(everyRow: Value, place: Value, distance: number): Neighbours {
    const g = this.g;
    const target = node.add(g, place, this.int(distance));
    const kept = node.max(g, node.min(g, target, node.sub(g, this.length, this.int(1))), this.int(0));
    const index = node.add(g, node.sub(g, everyRow, place), kept);
    const [inside] = g.node('Equal', [target, kept], [{ type: 'bool', shape: ['tokens'] }]);
    const present = node.gather(g, this.flat(node.cast(g, this.mask, 'float32'), ['tokens']), index);
    const mask = node.mul(g, node.cast(g, inside as Value, 'float32'), present);
    return { index, mask: node.reshape(g, mask, ['tokens', 1]) };
  }

  private range(end: Value, size: string): Value {
    const scalar = node.reshape(this.g, end, []);
    const zero = this.g.constant('int64', [], [0]);
    const one = this.g.constant('int64', [], [1]);
    return { ...this.emit('Range', [zero, scalar, one], [size]) };
  }

  private flat(x: Value, shape: readonly (string | number)[]): Value {
    return node.reshape(this.g, x, shape);
  }

  private int(value: number): Value {
    return this.g.constant('int64', [1], [value]);
  }

  private emit(op: string, inputs: readonly Value[], shape: readonly (string | number)[]): Value {
    return this.g.node(op, inputs, [{ type: 'int64', shape }])[0] as Value;
  }
}
