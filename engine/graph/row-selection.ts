import { taking, type Graph, type Node, type Value } from './graph.js';
import type { Dim, Shape } from './shape.js';

/** Operators of which each row of the result is made of one row of an input. */
const elementwise: ReadonlySet<string> = new Set([
  ...[
    'Gelu',
    'FastGelu',
    'Tanh',
    'Erf',
    'Relu',
    'Sigmoid',
    'Neg',
    'Abs',
    'Exp',
    'Sqrt',
    'Cast',
    'QuantizeLinear',
  ],
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'],
]);
/** The same, in which the rows are those of the first input and the others are weights. */
const byRow: ReadonlySet<string> = new Set([
  ...['LayerNormalization', 'Split', 'ReduceMax', 'ReduceMin', 'ReduceMean', 'ReduceSum'],
  ...['Gemm', 'MatMul', 'FusedMatMul', 'MatMulIntegerToFloat'],
]);

/**
 * Of a graph in which some rows are taken of a value of many: takes them as early as it can, so that no row is
 * computed that nobody reads. A classifier that sees the first token of a text needs of the last layer, behind its
 * keys and values, that row alone.
 *
 * @param index int64 `[n]`: which rows; by it a node `Gather` takes them @param rows the size of the axis of many
 */
export function selectRowsEarly(graph: Graph, index: Value, rows: Dim): void {
  new RowSelection(graph, index, rows).run();
}

class RowSelection {
  private readonly uses = new Map<string, { readonly node: Node; readonly input: number }[]>();
  private readonly outputs: ReadonlySet<string>;
  /** Nodes that are to compute the selected rows alone. */
  private readonly narrowed = new Set<Node>();
  /** By the name of a value of many rows: its selected ones. */
  private readonly selected = new Map<string, Value>();

  constructor(
    private readonly g: Graph,
    private readonly index: Value,
    private readonly rows: Dim,
  ) {
    this.outputs = new Set(g.outputs.map(({ value }) => value.name));
    for (const node of g.nodes)
      node.inputs.forEach((value, input) => {
        if (value !== null)
          this.uses.set(value.name, [...(this.uses.get(value.name) ?? []), { node, input }]);
      });
  }

  run(): void {
    const { g } = this;
    for (const node of g.nodes.toReversed()) if (this.canBeNarrowed(node)) this.narrowed.add(node);
    const renamed = new Map<string, Value>();
    for (const node of g.nodes.splice(0)) {
      const known = this.isSelection(node) ? this.selected.get(node.inputs[0]!.name) : undefined;
      if (known !== undefined) renamed.set(node.outputs[0]!.name, known);
      else if (this.narrowed.has(node)) this.narrow(node);
      else g.nodes.push(taking(node, renamed));
    }
  }

  /** What takes the rows. */
  private isSelection({ op, inputs: [data, index], outputs: [result], attributes }: Node): boolean {
    const isGather = op === 'Gather' && attributes['axis'] === 0 && index?.name === this.index.name;
    return isGather && this.hasRows(data) && !this.outputs.has(result!.name);
  }

  /** Whether it can compute some rows alone, and no other is read. */
  private canBeNarrowed(node: Node): boolean {
    if (this.isSelection(node) || this.rowInputs(node) === null) return false;
    const read = node.outputs.filter(({ name }) => this.uses.has(name) || this.outputs.has(name));
    return read.length > 0 && read.every((value) => this.isReadBySelection(value));
  }

  private isReadBySelection({ name }: Value): boolean {
    if (this.outputs.has(name)) return false;
    return (this.uses.get(name) ?? []).every(({ node, input }) =>
      this.narrowed.has(node) ? this.rowInputs(node)?.includes(input) : input === 0 && this.isSelection(node),
    );
  }

  /** Places of the inputs whose rows are those of the result; null for a node of another kind. */
  private rowInputs({ op, inputs, outputs, attributes }: Node): number[] | null {
    if (!outputs.every(({ shape }) => shape.length >= 1 && shape[0] === this.rows)) return null;
    const [first] = inputs;
    // Rows of any table, by an index that has a row for each of the result's.
    if (op === 'Gather') return attributes['axis'] === 0 && inputs[1]?.shape.length === 1 ? [1] : null;
    if (outputs.some(({ shape }) => shape.length !== 2) || !this.hasRows(first)) return null;
    const places = inputs.flatMap((value, place) => (this.hasRows(value) ? [place] : []));
    if (elementwise.has(op)) return places;
    if (!byRow.has(op) || (attributes['transA'] ?? 0) !== 0) return null;
    return places.length === 1 && places[0] === 0 ? places : null;
  }

  private hasRows(value: Value | null | undefined): boolean {
    return value?.shape[0] === this.rows;
  }

  private narrow(node: Node): void {
    const places = this.rowInputs(node)!;
    const inputs = node.inputs.map((value, place) =>
      value && places.includes(place) ? this.rowsOf(value) : value,
    );
    const outputs = node.outputs.map((value) => ({ ...value, shape: this.narrowShape(value.shape) }));
    for (const value of outputs) this.selected.set(value.name, value);
    this.g.nodes.push({ ...node, inputs, outputs });
  }

  private rowsOf(value: Value): Value {
    const known = this.selected.get(value.name);
    if (known !== undefined) return known;
    const result = [{ type: value.type, shape: this.narrowShape(value.shape) }];
    const [made] = this.g.node('Gather', [value, this.index], result, { axis: 0 }) as [Value];
    this.selected.set(value.name, made);
    return made;
  }

  private narrowShape(shape: Shape): Shape {
    return [this.index.shape[0]!, ...shape.slice(1)];
  }
}
