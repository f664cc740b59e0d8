import type { Value } from '../graph/graph.js';
import { add, sumTo } from '../graph/nodes.js';
import type { Application, Tape } from '../ops/tape.js';
import { Recomputation } from './recomputation.js';

/** A parameter's gradient: a tensor of its shape, or rows to add up at the places that were looked up. */
export type Gradient =
  | { readonly kind: 'dense'; readonly value: Value }
  | { readonly kind: 'rows'; readonly ids: Value; readonly rows: Value };

/**
 * Reverse-mode differentiation (Griewank & Walther 2008, ch. 3): walks the tape backwards and appends, for
 * each op on the way from a parameter to the loss, its vector–Jacobian product.
 *
 * @param options.checkpointing whether segments of the tape are computed again on the way back; default false
 * @param options.seed a scalar that the gradients are multiplied by; default null: 1
 * @returns the gradient of the scalar `loss` by parameter name
 * @throws TypeError where a parameter does not reach the loss, or is used both densely and as a table
 */
export function gradients(
  tape: Tape,
  loss: Value,
  parameters: readonly Value[],
  { checkpointing = false, seed = null }: { checkpointing?: boolean; seed?: Value | null } = {},
): Map<string, Gradient> {
  const graph = tape.graph;
  const active = reachableFrom(tape.applications, parameters);
  const upstream = new Map<string, Value>([[loss.name, seed ?? graph.constant('float32', [], [1])]]);
  const rows = new Map<string, Gradient>();

  const accumulate = (target: Value, gradient: Value): void => {
    const sum = upstream.get(target.name);
    const contribution = sumTo(graph, gradient, target.shape);
    upstream.set(target.name, sum === undefined ? contribution : add(graph, sum, contribution));
  };

  const recomputation = checkpointing ? new Recomputation(tape) : null;
  for (const application of [...tape.applications].reverse()) {
    const { op, inputs, outputs } = application;
    const arriving = outputs.map((output) => upstream.get(output.name));
    const used = arriving.filter((value) => value !== undefined);
    const [dy] = used;
    if (dy === undefined) continue;
    if (used.length < outputs.length) throw new TypeError(`${op.name}: a result is not used`);
    const seen = recomputation?.of(application, dy) ?? application;
    const context = { ...seen, graph, upstream: used, dy };
    for (const [name, rule] of Object.entries(op.gradient)) {
      const input = inputs[name];
      if (rule === null || input === undefined || !active.has(input.name)) continue;
      if (rule !== 'rows') accumulate(input, rule(context));
      else if (rows.has(input.name)) throw new TypeError(`table '${input.name}' is looked up twice`);
      else rows.set(input.name, { kind: 'rows', ids: inputs['ids'] as Value, rows: dy });
    }
  }

  return new Map(parameters.map((parameter) => [parameter.name, gradientOf(parameter, upstream, rows)]));
}

function gradientOf(parameter: Value, dense: Map<string, Value>, rows: Map<string, Gradient>): Gradient {
  const value = dense.get(parameter.name);
  const looked = rows.get(parameter.name);
  if (value !== undefined && looked === undefined) return { kind: 'dense', value };
  if (value === undefined && looked !== undefined) return looked;
  throw new TypeError(
    `parameter '${parameter.name}' ${value === undefined ? 'does not reach the loss' : 'is both table and tensor'}`,
  );
}

/** Names of the values that depend on a parameter: gradients flow through these alone. */
function reachableFrom(applications: readonly Application[], parameters: readonly Value[]): Set<string> {
  const active = new Set(parameters.map((parameter) => parameter.name));
  for (const { op, inputs, outputs } of applications) {
    const carries = Object.entries(inputs).some(
      ([name, value]) => op.gradient[name] !== null && active.has(value.name),
    );
    if (carries) for (const output of outputs) active.add(output.name);
  }
  return active;
}
