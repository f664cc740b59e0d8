import type { Api } from './api.js';
import { RuntimeFault } from './fault.js';
import { addressesAt, cell, pointee, textAt, type Address } from './native.js';

const processor = 'CPUExecutionProvider';

/** How many nodes a message names. */
const mostNamed = 5;

/** Lets a session of these options tell where its nodes run. */
export function recordPlacement(api: Api, options: Address): void {
  api.addSessionConfig(options, 'session.record_ep_graph_assignment_info', '1');
}

/** A node of a session, as ONNX Runtime has placed it. */
export interface PlacedNode {
  readonly name: string;
  readonly operator: string;
  readonly onProcessor: boolean;
}

/** Of a session whose options record it: what is left of its nodes after the optimisations that precede placement. */
export function placedNodes(api: Api, session: Address): PlacedNode[] {
  return listed((array, count) => api.placement(session, array, count)).flatMap((part) => {
    const onProcessor = text((out) => api.providerOf(part, out)) === processor;
    return listed((array, count) => api.nodesOf(part, array, count)).map((node) => ({
      name: text((out) => api.nodeName(node, out)),
      operator: text((out) => api.nodeOperator(node, out)),
      onProcessor,
    }));
  });
}

/**
 * ONNX Runtime gives a node that a provider has no kernel for to the processor, and copies what it takes and gives,
 * without a word.
 *
 * @throws RuntimeFault that names the nodes that would run on the processor and are not in `allowed`
 */
export function verifyPlacement(nodes: readonly PlacedNode[], allowed: ReadonlySet<string>): void {
  const stray = nodes.filter(({ name, onProcessor }) => onProcessor && !allowed.has(name));
  if (stray.length === 0) return;
  const named = stray.slice(0, mostNamed).map(({ name, operator }) => `${name} (${operator})`);
  const more = stray.length > named.length ? ` and ${stray.length - named.length} more` : '';
  throw new RuntimeFault({
    where: `node ${named.join(', ')}${more}`,
    what: 'the provider has no kernel for it, and it would run on the processor',
    expected: 'every node but those of sizes on the device',
    remedy: 'Write it in operators that the provider has: docs/devices.md lists them.',
  });
}

function listed(call: (array: ReturnType<typeof cell>, count: ReturnType<typeof cell>) => void): Address[] {
  const [array, count] = [cell(), cell()];
  call(array, count);
  return addressesAt(pointee(array), Number(pointee(count)));
}

function text(call: (out: ReturnType<typeof cell>) => void): string {
  const out = cell();
  call(out);
  return textAt(pointee(out));
}
