import { describe, expect, it } from 'vitest';
import { programOf } from '../../../../engine/device/program.js';
import { forRecording, RecordedSession } from '../../../../engine/device/resident/recorded-session.js';
import { Graph } from '../../../../engine/graph/graph.js';
import * as node from '../../../../engine/graph/nodes.js';
import { elementCount } from '../../../../engine/runtime/elements.js';
import type {
  ElementArray,
  ElementType,
  Session,
  Tensor,
  Value,
} from '../../../../engine/runtime/runtime.js';

/** A tensor of the device, which a session finds at its place. */
class Placed implements Value {
  held: readonly number[] = [];
  constructor(
    readonly type: ElementType,
    readonly shape: readonly number[],
    readonly place: string,
    readonly release: () => void,
  ) {}
}

/** A device that counts what it has given out. */
class StubDevice {
  live = 0;
  private places = 0;

  allocate(type: ElementType, shape: readonly number[]): Promise<Placed> {
    return Promise.resolve(this.at(`place ${this.places++}`, shape, type));
  }

  at(place: string, shape: readonly number[], type: ElementType = 'float32'): Placed {
    this.live++;
    return new Placed(type, shape, place, () => this.live--);
  }

  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor {
    if (data.length !== elementCount(shape)) throw new TypeError('other data than the shape has');
    this.live++;
    return { type, shape, data, release: () => this.live-- };
  }

  copyAll(pairs: readonly (readonly [from: Value, to: Value])[]): Promise<void> {
    for (const [from, to] of pairs) (to as Placed).held = Array.from((from as Tensor).data, Number);
    return Promise.resolve();
  }

  placeOf(value: Value): bigint {
    return BigInt(`0x${Buffer.from((value as Placed).place).toString('hex')}`);
  }
}

interface Run {
  readonly feeds: Readonly<Record<string, Value>>;
  /** What lay there when the run began, of tensors of the device. */
  readonly held: Readonly<Record<string, readonly number[]>>;
  readonly recording: number | undefined;
}

/** A session that notes what it is run with. */
class StubSession implements Session {
  readonly runs: Run[] = [];
  readonly outputs = ['y'];
  readonly nodes = new Map<string, number>();
  released = false;

  constructor(readonly inputs: readonly string[]) {}

  run(feeds: Run['feeds'], _: object, recording?: number): Promise<Record<string, Tensor>> {
    const placed = Object.entries(feeds).filter(([, value]) => value instanceof Placed);
    const held = Object.fromEntries(placed.map(([name, value]) => [name, (value as Placed).held]));
    this.runs.push({ feeds, held, recording });
    const unknown = Object.keys(feeds).find((name) => !this.inputs.includes(name));
    return unknown === undefined ? Promise.resolve({}) : Promise.reject(new Error(`no input ${unknown}`));
  }

  release(): void {
    this.released = true;
  }
}

/** y = x · rows + bias, of an input more that no node takes. */
function scaled(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['rows', 2]);
  const bias = graph.input('bias', 'float32', []);
  graph.input('untaken', 'float32', []);
  const rows = node.cast(graph, graph.dim('rows'), 'float32');
  graph.output('y', node.add(graph, node.mul(graph, x, rows), bias));
  return graph;
}

function recorded() {
  const device = new StubDevice();
  const program = programOf(scaled(), 'scaled');
  const { program: given, numbers } = forRecording(program);
  const stub = new StubSession(given.graph.inputs.map(({ name }) => name));
  const session = new RecordedSession(stub, device, numbers, program);
  const host = (data: number[], shape = [data.length]): Tensor =>
    device.tensor('float32', shape, Float32Array.from(data));
  const size = (rows: number): Tensor => device.tensor('int64', [1], BigInt64Array.of(BigInt(rows)));
  const feeds = { x: device.at('a', [3, 2]), bias: device.at('b', []), 'dim:rows': size(3) };
  const fetches = { y: device.at('c', [3, 2]) };
  /** The recording of a run of these with changes. */
  const run = async (changes: Run['feeds'] = {}, wanted: Record<string, Value | null> = fetches) => {
    await session.run({ ...feeds, ...changes }, wanted);
    return stub.runs.at(-1)!.recording;
  };
  return { device, stub, session, host, size, feeds, run };
}

describe('a program that is to be recorded', () => {
  it('takes sizes that it computes with as numbers, and nothing that no node takes but named sizes', () => {
    const graph = scaled();
    graph.dim('width');
    const { program, numbers } = forRecording(programOf(graph, 'scaled', true));
    expect(numbers).toEqual(['rows']);
    const names = program.graph.inputs.map(({ name }) => name);
    expect(names).toEqual(['x', 'bias', 'dim:rows', 'dim:width', 'number:rows']);
    expect(program).toMatchObject({ name: 'scaled', early: true, dims: ['rows', 'width'] });
    expect(graph.inputs.map(({ name }) => name)).toContain('untaken');
  });

  it('takes what is an output as it is', () => {
    const graph = new Graph();
    graph.output('y', graph.input('x', 'float32', []));
    graph.output('rows', node.cast(graph, graph.dim('rows'), 'float32'));
    const { program } = forRecording(programOf(graph, 'same'));
    expect(program.graph.inputs.map(({ name }) => name)).toEqual(['x', 'dim:rows', 'number:rows']);
  });
});

describe('a session whose runs are recorded', () => {
  it('runs the first of a kind as it is, records the second and replays it from then on', async () => {
    const { run } = recorded();
    expect([await run(), await run(), await run(), await run()]).toEqual([undefined, 0, 0, 0]);
  });

  it('has another recording for other places, other shapes and another size', async () => {
    const { run, session, stub, feeds, device, size } = recorded();
    const kinds: (() => ReturnType<typeof run>)[] = [
      () => run(),
      () => run({ x: device.at('d', [3, 2]) }),
      () => run({ x: device.at('a', [2, 3]) }),
      () => run({ x: device.at('b', [3, 2]), bias: device.at('a', []) }),
      () => run({}, { y: device.at('d', [3, 2]) }),
      () => run({ 'dim:rows': size(4) }),
    ];
    for (const expected of [kinds.map(() => undefined), kinds.map((_, place) => place)])
      for (const [place, kind] of kinds.entries()) expect(await kind()).toBe(expected[place]);
    // Another tensor at the same place is the same to a kernel; the order in which they are named says nothing.
    expect(await run({ x: device.at('a', [3, 2]), 'dim:rows': size(3) })).toBe(0);
    const turned = Object.fromEntries(Object.entries(feeds).reverse());
    await session.run(turned, { y: device.at('c', [3, 2]) });
    expect(stub.runs.at(-1)!.recording).toBe(0);
  });

  it('has what the host feeds copied to one place for each name and shape, as it is at each run', async () => {
    const { run, stub, host } = recorded();
    const bias = host([1], []);
    expect(await run({ bias })).toBeUndefined();
    bias.data[0] = 2;
    expect(await run({ bias })).toBe(0);
    expect(await run({ bias: host([3], []), x: host([1, 2, 3, 4, 5, 6], [3, 2]) })).toBeUndefined();
    expect(await run({ bias: host([4], []) })).toBe(0);
    expect(stub.runs.map(({ held }) => held['bias'])).toEqual([[1], [2], [3], [4]]);
    expect(stub.runs[2]!.held['x']).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(stub.runs.map(({ feeds }) => feeds['bias'])).size).toBe(1);
    await run({ x: host([1, 2], [1, 2]) });
    await run({ x: host([6, 5, 4, 3, 2, 1], [3, 2]) });
    const [first, other, again] = [2, 4, 5].map((place) => stub.runs[place]!.feeds['x']);
    expect(other).not.toBe(first);
    expect(again).toBe(first);
    expect(stub.runs[5]!.held['x']).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('leaves named sizes to the host, and feeds one that is a number as it is at each run', async () => {
    const { run, stub, size, feeds } = recorded();
    await run();
    const four = size(4);
    await run({ 'dim:rows': four });
    await run();
    expect(stub.runs.map(({ feeds }) => feeds['dim:rows'])).toEqual([
      feeds['dim:rows'],
      four,
      feeds['dim:rows'],
    ]);
    expect(stub.runs.map(({ held }) => held['number:rows'])).toEqual([[3], [4], [3]]);
  });

  it('leaves out what its program has and it does not take, and has an unknown input refused', async () => {
    const { run, stub, host } = recorded();
    await run({ untaken: host([1], []) });
    expect(Object.keys(stub.runs[0]!.feeds).sort()).toEqual(['bias', 'dim:rows', 'number:rows', 'x']);
    await expect(run({ foreign: host([1], []) })).rejects.toThrow('no input foreign');
  });

  it('has the session refuse that a size is missing', async () => {
    const { session, stub, feeds } = recorded();
    await session.run({ x: feeds.x, bias: feeds.bias }, { y: null });
    expect(Object.keys(stub.runs[0]!.feeds)).toEqual(['x', 'bias']);
  });

  it('records no run whose results have no place on the device before, and feeds it all the same', async () => {
    const { run, stub, host } = recorded();
    for (const y of [null, host([0, 0, 0, 0, 0, 0], [3, 2])])
      for (let time = 0; time < 3; time++)
        expect(await run({ untaken: host([1], []) }, { y })).toBeUndefined();
    for (const { feeds } of stub.runs)
      expect(Object.keys(feeds).sort()).toEqual(['bias', 'dim:rows', 'number:rows', 'x']);
    expect(await run()).toBeUndefined();
  });

  it('holds 96 recordings at most: what else comes again runs as it is', async () => {
    const { run, device } = recorded();
    const nth = (place: number) => run({ x: device.at(`x ${place}`, [3, 2]) });
    for (let place = 0; place < 98; place++) expect(await nth(place)).toBeUndefined();
    for (let place = 0; place < 96; place++) expect(await nth(place)).toBe(place);
    for (const place of [96, 97, 96, 97]) expect(await nth(place)).toBeUndefined();
    expect([await nth(0), await nth(95)]).toEqual([0, 95]);
  });

  it('gives back its copies with it, and what it makes for a run with the run', async () => {
    const { run, session, stub, device, host } = recorded();
    const [bias, x] = [host([1], []), host([1, 2], [1, 2])];
    const before = device.live;
    await run({ bias });
    await run({ bias, x });
    // A copy of each, and one of the number.
    expect(device.live).toBe(before + 3);
    await expect(run({ foreign: bias })).rejects.toThrow();
    expect(device.live).toBe(before + 4);
    session.release();
    expect(device.live).toBe(before);
    expect(stub.released).toBe(true);
  });
});
