import type { Graph, Value } from '../graph/graph.js';
import { later } from '../graph/nodes.js';
import type { Application, Tape } from '../ops/tape.js';

/**
 * Gradient checkpointing (Chen, Xu, Zhang & Guestrin 2016, "Training Deep Nets with Sublinear Memory Cost"): of each
 * segment of the tape only what goes into it is kept, and the backward pass computes the rest again when it gets
 * there. The same nodes on the same values give the same bits.
 */
export class Recomputation {
  private readonly segmentOf = new Map<Application, readonly Application[]>();
  private readonly made: ReadonlySet<string>;
  private readonly again = new Map<Application, Application>();

  constructor(private readonly tape: Tape) {
    const { applications, segments } = tape;
    for (const { first, end } of segments) {
      const segment = applications.slice(first, end);
      for (const application of segment) this.segmentOf.set(application, segment);
    }
    this.made = new Set(applications.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
  }

  /**
   * The application as the backward pass sees it: of a segment, made again.
   *
   * @param upstream the gradient that arrives; nothing is made again before it is there
   */
  of(application: Application, upstream: Value): Application {
    const segment = this.segmentOf.get(application);
    if (segment === undefined) return application;
    if (!this.again.has(application)) this.repeat(segment, upstream);
    return this.again.get(application) as Application;
  }

  private repeat(segment: readonly Application[], upstream: Value): void {
    const { graph } = this.tape;
    const values = new Map<string, Value>();
    const valueOf = (value: Value): Value => {
      const known = values.get(value.name);
      if (known !== undefined) return known;
      // What the tape has not made is there all along: parameters, and what the host feeds.
      const kept = this.made.has(value.name) ? later(graph, value, upstream) : value;
      values.set(value.name, kept);
      return kept;
    };
    for (const application of segment)
      this.again.set(application, replay(graph, application, valueOf, values));
  }
}

function replay(
  graph: Graph,
  { op, inputs, outputs, attributes }: Application,
  valueOf: (value: Value) => Value,
  values: Map<string, Value>,
): Application {
  const taken = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, valueOf(value)]));
  const made = op.forward(graph, taken, attributes);
  outputs.forEach(({ name }, i) => values.set(name, made.outputs[i] as Value));
  return { op, inputs: taken, outputs: made.outputs, attributes, saved: made.saved };
}
