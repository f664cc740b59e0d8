import { onnxType } from './dtype.js';
import type { Attribute, Graph, Initializer, Node, Value } from './graph.js';
import { MICROSOFT } from './graph.js';
import { ProtobufWriter } from './protobuf.js';
import { usedNodes } from './used-nodes.js';

/** ONNX IR 9 and operator set 20: the newest that every tool in use reads. */
const IR_VERSION = 9;
const OPSET = 20;

const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

/**
 * Serialises the graph as an ONNX `ModelProto` (onnx.proto). Equal graphs give equal bytes.
 *
 * @param early whether each output is to be run as soon as it can be, so that what it needs is held no longer
 */
export function toOnnx(graph: Graph, name: string, early = false): Uint8Array {
  const body = new ProtobufWriter();
  const nodes = withNamedOutputs(graph);
  const outputs = graph.outputs.map((output) => output.name);
  for (const node of early ? withEarlyOutputs(nodes, outputs) : nodes) body.message(1, nodeProto(node));
  body.text(2, name);
  for (const initializer of graph.initializers) body.message(5, tensorProto(initializer));
  for (const input of graph.inputs) body.message(11, valueInfo(input));
  for (const output of graph.outputs) body.message(12, valueInfo({ ...output.value, name: output.name }));
  return new ProtobufWriter()
    .varint(1, IR_VERSION)
    .text(2, 'foldwise')
    .message(7, body)
    .message(8, new ProtobufWriter().text(1, '').varint(2, OPSET))
    .message(8, new ProtobufWriter().text(1, MICROSOFT).varint(2, 1))
    .finish();
}

/**
 * The nodes, with each output under its name. A node's result takes the name of the output it is: an
 * Identity would copy it, and gradients are the size of the model. Only a value that is an input, or an
 * output twice, needs one.
 */
function withNamedOutputs(graph: Graph): Node[] {
  const produced = new Set(graph.nodes.flatMap((node) => node.outputs.map((value) => value.name)));
  const names = new Map<string, string>();
  const copies: Node[] = [];
  const rename = (value: Value): Value => ({ ...value, name: names.get(value.name) ?? value.name });
  for (const { name, value } of graph.outputs) {
    if (produced.has(value.name) && !names.has(value.name)) names.set(value.name, name);
    else {
      const outputs = [{ ...value, name }];
      copies.push({ op: 'Identity', domain: '', inputs: [value], outputs, attributes: {} });
    }
  }
  return [...graph.nodes, ...copies].map((node) => ({
    ...node,
    inputs: node.inputs.map((value) => (value === null ? null : rename(value))),
    outputs: node.outputs.map((value) => (produced.has(value.name) ? rename(value) : value)),
  }));
}

/**
 * The nodes in an order that makes ONNX Runtime run outputs early. It runs what the last leaf of the file needs, then
 * what the leaf before it needs, and so on, a leaf being a node that no other takes from. In the order of their making
 * it would walk all the way back first and come to most gradients at the end. Here the leaf that was made first
 * stands last. What leads to no output is left out.
 */
function withEarlyOutputs(nodes: readonly Node[], outputs: readonly string[]): Node[] {
  const used = usedNodes(nodes, outputs);
  const taken = new Set(used.flatMap(({ inputs }) => inputs.map((input) => input?.name)));
  const isLeaf = (node: Node): boolean => !node.outputs.some(({ name }) => taken.has(name));
  return [...used.filter((node) => !isLeaf(node)), ...used.filter(isLeaf).reverse()];
}

function nodeProto(node: Node): ProtobufWriter {
  const proto = new ProtobufWriter();
  for (const input of node.inputs) proto.text(1, input?.name ?? '');
  for (const output of node.outputs) proto.text(2, output.name);
  proto.text(3, node.outputs[0]?.name ?? node.op).text(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) proto.message(5, attributeProto(name, value));
  return proto.text(7, node.domain);
}

function attributeProto(name: string, value: Attribute): ProtobufWriter {
  const proto = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return proto.varint(3, value).varint(20, attributeType.int);
  if (typeof value === 'string') return proto.text(4, value).varint(20, attributeType.string);
  if ('float' in value) return proto.float(2, value.float).varint(20, attributeType.float);
  for (const item of value) proto.varint(8, item);
  return proto.varint(20, attributeType.ints);
}

function tensorProto({ value, dims, data }: Initializer): ProtobufWriter {
  const proto = new ProtobufWriter();
  for (const dim of dims) proto.varint(1, dim);
  proto.varint(2, onnxType[value.type]).text(8, value.name);
  if (data instanceof Uint8Array) return proto.bytes(9, data);
  const entries = { location: data.external, offset: String(data.offset), length: String(data.bytes) };
  for (const [key, text] of Object.entries(entries)) {
    proto.message(13, new ProtobufWriter().text(1, key).text(2, text));
  }
  return proto.varint(14, 1);
}

function valueInfo(value: Value): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of value.shape) {
    shape.message(
      1,
      typeof dim === 'number' ? new ProtobufWriter().varint(1, dim) : new ProtobufWriter().text(2, dim),
    );
  }
  const tensor = new ProtobufWriter().varint(1, onnxType[value.type]).message(2, shape);
  return new ProtobufWriter().text(1, value.name).message(2, new ProtobufWriter().message(1, tensor));
}
