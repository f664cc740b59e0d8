import { taking, type Graph, type Node, type Value } from '../../graph/graph.js';
import * as node from '../../graph/nodes.js';
import { programOf, type Program } from '../program.js';
import type { TrainingProgram } from '../training-program.js';
import { putTogether, takenApart } from './pack-nodes.js';
import type { Pack, Packing } from './packing.js';

/** The output, and the input of what goes on from it, that is the gradient of a parameter or a pack. */
export function gradientOf(parameter: string): string {
  return `gradient:${parameter}`;
}

/**
 * A training program that takes weights and gives gradients as they are packed, `gradientOf` each, and every gradient
 * whole: the rows that were looked up of a table are added up in it. It takes its dropout masks as bool: whether an
 * entry is kept. What is taken of a stack and not used stays in it (graph/cuda-operators.ts leaves it out).
 *
 * @param mostOutputs of a node
 */
export function gradientProgram(
  { graph: recorded, name, early, ...program }: TrainingProgram,
  { packs }: Packing,
  mostOutputs: number,
): Program {
  const graph = recorded.copy();
  const outputs = new Map(graph.outputs.map((output) => [output.name, output.value]));
  const outputNamed = (output: string): Value => outputs.get(output) as Value;
  graph.outputs.length = 0;
  graph.output('loss', outputNamed('loss'));
  const gradients = new Map(
    program.gradients.map(({ parameter, output }) => [parameter, outputNamed(output)]),
  );
  for (const { name: table, ids, rows } of program.tables) {
    const { shape } = program.parameters.find((parameter) => parameter.name === table)!;
    const input = graph.inputs.find((each) => each.name === ids)!;
    gradients.set(table, rowsAddedUp(graph, input, outputNamed(rows), shape[0] as number));
  }
  // Those of the upper layers are there first.
  for (const pack of packs.toReversed()) {
    const members = pack.members.map((member) => gradients.get(member.name) as Value);
    graph.output(
      gradientOf(pack.name),
      members.length === 1 ? members[0]! : gradientsTogether(graph, members, pack),
    );
  }
  takePacks(graph, packs, mostOutputs);
  takeFlags(graph, program.dropoutSites);
  return programOf(graph, name, early);
}

/** In a stack, gradients that are all cast for it are put together as they were and cast at once. */
function gradientsTogether(graph: Graph, members: readonly Value[], pack: Pack): Value {
  const casts = new Map(
    graph.nodes.flatMap(({ op, inputs, outputs }) =>
      op === 'Cast' ? [[outputs[0]!.name, inputs[0]!] as const] : [],
    ),
  );
  const before = members.map(({ name }) => casts.get(name));
  const type = before[0]?.type;
  const alike = before.filter((value) => value !== undefined && value.type === type) as Value[];
  if (!pack.stacked || alike.length < members.length) return putTogether(graph, members, pack);
  return node.cast(graph, putTogether(graph, alike, pack), 'float32');
}

/** Of so many members that are cast to a type, one by one: their pack is cast, and taken apart. */
const castTogether = 3;

/** What were inputs, the members of packs, are taken of inputs that are these. */
function takePacks(graph: Graph, packs: Packing['packs'], mostOutputs: number): void {
  const former = graph.nodes.splice(0);
  const parts = new Map<string, Value>();
  for (const pack of packs.filter(({ members }) => members.length > 1)) {
    const packed = graph.input(pack.name, 'float32', pack.shape);
    const values = takenApart(graph, packed, pack, mostOutputs);
    pack.members.forEach(({ name }, place) => parts.set(name, values[place]!));
    if (!pack.stacked) continue;
    for (const casts of castsOf(former, pack).filter(({ length }) => length >= castTogether)) {
      const { type } = casts[0]!.outputs[0]!;
      const cast = takenApart(graph, node.cast(graph, packed, type), pack, mostOutputs);
      for (const { inputs, outputs } of casts)
        parts.set(outputs[0]!.name, cast[pack.members.findIndex(({ name }) => name === inputs[0]!.name)]!);
    }
  }
  graph.nodes.push(...former.map((each) => taking(each, parts)));
  const kept = graph.inputs.filter(({ name }) => !parts.has(name));
  graph.inputs.splice(0, graph.inputs.length, ...kept);
}

/** Those of its members, by the type that they are cast to. */
function castsOf(nodes: readonly Node[], { members }: Pack): Node[][] {
  const names = new Set(members.map(({ name }) => name));
  const casts = new Map<string, Node[]>();
  for (const each of nodes) {
    if (each.op !== 'Cast' || !names.has(each.inputs[0]!.name)) continue;
    const { type } = each.outputs[0]!;
    casts.set(type, [...(casts.get(type) ?? []), each]);
  }
  return [...casts.values()];
}

/** What were inputs, the masks, are made of inputs that tell in a byte each which entries are kept. */
function takeFlags(graph: Graph, sites: TrainingProgram['dropoutSites']): void {
  const former = graph.nodes.splice(0);
  const masks = new Map<string, Value>();
  for (const { name, probability } of sites) {
    const place = graph.inputs.findIndex((input) => input.name === name);
    const { type, shape } = graph.inputs[place]!;
    const flags: Value = { name, type: 'bool', shape };
    graph.inputs[place] = flags;
    const factors = [1 / (1 - probability), 0].map((factor) => node.scalar(graph, factor));
    const [mask] = graph.node('Where', [flags, ...factors], [{ type, shape }]);
    masks.set(name, mask!);
  }
  graph.nodes.push(...former.map((each) => taking(each, masks)));
}

/**
 * Row r of the result is the sum of the rows whose id is r: of a product with ones and zeros, so that no two of them
 * are added in a race.
 *
 * @param ids int64 `[tokens]` @param rows `[tokens, width]`
 */
function rowsAddedUp(g: Graph, ids: Value, rows: Value, count: number): Value {
  const wanted = node.reshape(g, node.cast(g, ids, 'int32'), [1, ids.shape[0]!]);
  const numbers = g.constant(
    'int32',
    [count, 1],
    Array.from({ length: count }, (_, row) => row),
  );
  const [taken] = g.node('Equal', [numbers, wanted], [{ type: 'bool', shape: [count, ids.shape[0]!] }]);
  return node.matMul(g, node.cast(g, taken!, 'float32'), rows);
}
