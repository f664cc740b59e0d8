import { RuntimeFault } from '../../runtime/fault.js';
import type { Session, Tensor, Value } from '../../runtime/runtime.js';
import { sizeInput, sizeOfInput } from '../../graph/graph.js';
import { feedSizesAsNumbers, sizeNumber } from '../../graph/size-numbers.js';
import { programOf, type Program } from '../program.js';
import { TensorScope } from '../tensor-scope.js';
import type { ResidentDevice } from './device.js';

type Named = Readonly<Record<string, Value>>;

/** More are not held: each keeps a list of all launches of a run on the card. */
const mostRecordings = 96;

/** So many runs are remembered, by the places of all of their tensors. */
const mostKnown = 1024;

/**
 * A program that can be recorded: no number of it comes from the processor in the middle of a run, and nothing is fed
 * that no node takes, since ONNX Runtime would copy that to the processor.
 */
export function forRecording({ graph: given, name, early }: Program): {
  readonly program: Program;
  /** The named sizes that are fed as numbers. */
  readonly numbers: readonly string[];
} {
  const graph = given.copy();
  const numbers = feedSizesAsNumbers(graph);
  const taken = new Set(graph.nodes.flatMap(({ inputs }) => inputs.map((value) => value?.name)));
  for (const { value } of graph.outputs) taken.add(value.name);
  const isFed = ({ name: input }: { readonly name: string }): boolean => taken.has(input) || isSize(input);
  graph.inputs.splice(0, graph.inputs.length, ...graph.inputs.filter(isFed));
  return { program: programOf(graph, name, early), numbers };
}

/**
 * A session whose runs are recorded on the card once they come again, and replayed from then on: one launch for all of
 * a run's. What decides a recording are the places and shapes of all tensors, and the named sizes. What the host feeds
 * goes by tensors of the device's, one for each shape, so that it has a place.
 */
export class RecordedSession implements Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: ReadonlyMap<string, number>;
  private readonly unused: ReadonlySet<string>;
  /** Of what the host feeds, by name, type and shape. */
  private readonly copies = new Map<string, Value>();
  /** By what decides a recording, its number; null of what has run once. */
  private readonly known = new Map<string, number | null>();
  private recordings = 0;

  constructor(
    private readonly session: Session,
    private readonly device: Pick<ResidentDevice, 'allocate' | 'copyAll' | 'placeOf' | 'tensor'>,
    /** The named sizes that it takes as numbers. */
    private readonly numbers: readonly string[],
    /** What may be fed that it does not take. */
    { graph }: Program,
  ) {
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.nodes = session.nodes;
    const taken = new Set(session.inputs);
    this.unused = new Set(graph.inputs.flatMap(({ name }) => (taken.has(name) ? [] : [name])));
  }

  async run(feeds: Named, fetches: Readonly<Record<string, Value | null>>): Promise<Record<string, Tensor>> {
    const given = await this.onDevice(feeds);
    const taken = Object.entries(fetches).flatMap(([name, value]) =>
      // What ONNX Runtime allocates for the caller has no place before, and of the host's none is known.
      value === null || isOfHost(value) ? [] : [[name, value] as const],
    );
    if (taken.length < Object.keys(fetches).length) return this.session.run(given, fetches);
    const recording = this.recordingOf([...Object.entries(given), ...taken]);
    try {
      return await this.session.run(given, fetches, recording);
    } catch (fault) {
      throw recording !== undefined && fault instanceof RuntimeFault ? withRemedy(fault) : fault;
    }
  }

  release(): void {
    for (const copy of this.copies.values()) copy.release();
    this.copies.clear();
    this.session.release();
  }

  private recordingOf(tensors: readonly (readonly [name: string, value: Value])[]): number | undefined {
    const key = tensors
      .map(([name, value]) => {
        const what = isOfHost(value) ? value.data.toString() : this.device.placeOf(value).toString(16);
        return `${name} ${value.shape.join()} ${what}`;
      })
      .sort()
      .join('\n');
    const known = this.known.get(key);
    if (known === undefined) this.noteFirst(key);
    else if (known !== null) return known;
    else if (this.recordings < mostRecordings) {
      this.known.set(key, this.recordings);
      return this.recordings++;
    }
    return undefined;
  }

  /** Where too many have run but once, they are forgotten: they are not to come again. */
  private noteFirst(key: string): void {
    if (this.known.size >= mostKnown)
      for (const [each, recording] of this.known) if (recording === null) this.known.delete(each);
    this.known.set(key, null);
  }

  /** What it takes, that of the host copied; but the named sizes, which are the processor's. */
  private onDevice(feeds: Named): Promise<Named> {
    return TensorScope.during(this.device, async (scope) => {
      const given: Record<string, Value> = {};
      const pairs: [from: Value, to: Value][] = [];
      for (const [name, value] of Object.entries({ ...feeds, ...this.numbersOf(feeds, scope) })) {
        if (this.unused.has(name)) continue;
        given[name] = isSize(name) || !isOfHost(value) ? value : await this.copyOf(name, value);
        if (given[name] !== value) pairs.push([value, given[name]]);
      }
      if (pairs.length > 0) await this.device.copyAll(pairs);
      return given;
    });
  }

  private numbersOf(feeds: Named, scope: TensorScope): Named {
    return Object.fromEntries(
      this.numbers.flatMap((dim) => {
        const size = feeds[sizeInput(dim)] as Tensor | undefined;
        // The session says that it is missing.
        if (size === undefined) return [];
        return [[sizeNumber(dim), scope.float([1], Float32Array.of(Number(size.data[0])))]];
      }),
    );
  }

  private async copyOf(name: string, { type, shape }: Value): Promise<Value> {
    const key = `${name} ${type} ${shape.join()}`;
    let copy = this.copies.get(key);
    if (copy === undefined) this.copies.set(key, (copy = await this.device.allocate(type, shape)));
    return copy;
  }
}

/** What a run says that could not be recorded or replayed. */
function withRemedy(fault: RuntimeFault): RuntimeFault {
  const remedy = 'Where it is recording runs that fails, FOLDWISE_CUDA_GRAPHS=0 does without.';
  return new RuntimeFault({ ...fault.details, remedy }, { cause: fault });
}

/** Whether it is a named size, which is the processor's. */
function isSize(input: string): boolean {
  return sizeOfInput(input) !== null;
}

function isOfHost(value: Value): value is Tensor {
  return 'data' in value;
}
