import { describe, expect, it } from 'vitest';
import type { Device } from '../../../../engine/device/device.js';
import { programOf, type Program } from '../../../../engine/device/program.js';
import { gradientOf } from '../../../../engine/device/resident/gradient-program.js';
import { putTogether, takenApart } from '../../../../engine/device/resident/pack-nodes.js';
import { Packing, packSizes, type Pack, type PackSizes } from '../../../../engine/device/resident/packing.js';
import { nextOf, stateInput, UpdateProgram } from '../../../../engine/device/resident/update-program.js';
import type { OptimizedParameter } from '../../../../engine/device/training-program.js';
import { Graph } from '../../../../engine/graph/graph.js';
import { normal } from '../../../../engine/kernels/philox.js';
import { elementCount } from '../../../../engine/runtime/elements.js';
import { testDevices } from '../../../setup/devices.js';

const parameter = (
  name: string,
  shape: readonly number[],
  changes: Partial<OptimizedParameter['group']> = {},
): OptimizedParameter => ({
  name,
  shape,
  group: { trained: true, decay: true, rateShare: 1, perturbed: false, ...changes },
});

const membersOf = ({ packs }: Packing): string[][] =>
  packs.map(({ members }) => members.map(({ name }) => name));

describe('parameters lie together', () => {
  it('where their rate and decay are the same, in their order', () => {
    const parameters = [
      parameter('a', [2, 3]),
      parameter('b', [3], { decay: false }),
      parameter('c', [5]),
      parameter('d', [4], { decay: false, perturbed: true }),
      parameter('e', [4], { rateShare: 0.9 }),
    ];
    expect(membersOf(new Packing(parameters, packSizes.webgpu))).toEqual([['a', 'c'], ['b', 'd'], ['e']]);
  });

  it('as many as a pack holds, and the large by themselves', () => {
    const sizes: PackSizes = { ...packSizes.webgpu, mostOfMember: 6, mostOfPack: 10 };
    const parameters = [
      ['a', 6],
      ['b', 4],
      ['c', 7],
      ['d', 1],
      ['e', 6],
      ['f', 4],
    ] as const;
    const packing = new Packing(
      parameters.map(([name, count]) => parameter(name, [count])),
      sizes,
    );
    expect(membersOf(packing)).toEqual([['a', 'b'], ['c'], ['d', 'e'], ['f']]);
    expect(packing.packs[1]).toMatchObject({ name: 'c', shape: [7] });
    expect(packing.placeOf('e')).toMatchObject({ from: 1, to: 7, pack: packing.packs[2] });
    expect(packing.placeOf('g')).toBeUndefined();
  });

  it.each([
    ['of elements', { mostOfPack: 8 * 6, mostMembers: 32 }, [6, 6, 3]],
    ['of members', { mostOfPack: 1000, mostMembers: 8 }, [6, 6, 3]],
    [
      'of members, fewer than are read as one',
      { mostOfPack: 1000, mostMembers: 2 },
      [2, 2, 2, 2, 2, 2, 2, 1],
    ],
    [
      'of elements, fewer than are read as one',
      { mostOfPack: 2 * 6, mostMembers: 32 },
      [2, 2, 2, 2, 2, 2, 2, 1],
    ],
  ])('those that are read as one in one pack, where it has an end %s', (_, limits, lengths) => {
    const names = Array.from({ length: 15 }, (__, place) => `p${place}`);
    const joined = [0, 3, 6, 9, 12].map((from) => names.slice(from, from + 3));
    const packing = new Packing(
      names.map((name) => parameter(name, [2, 3])),
      { ...packSizes.cuda, ...limits },
      joined,
    );
    expect(membersOf(packing).map(({ length }) => length)).toEqual(lengths);
    expect(membersOf(packing).flat()).toEqual(names);
  });
});

async function run(
  device: Device,
  program: Program,
  feeds: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>,
): Promise<Map<string, Float32Array>> {
  const session = await device.compile(program);
  const wanted = new Set(session.inputs);
  const tensors = Object.entries(feeds).flatMap(([name, { shape, data }]) =>
    wanted.has(name) ? [[name, device.tensor('float32', shape, data)] as const] : [],
  );
  const found = await session.run(
    Object.fromEntries(tensors),
    Object.fromEntries(session.outputs.map((name) => [name, null])),
  );
  const copies = Object.entries(found).map(
    ([name, { data }]) => [name, Float32Array.from(data as Float32Array)] as const,
  );
  for (const held of [session, ...Object.values(found), ...tensors.map(([, tensor]) => tensor)])
    held.release();
  return new Map(copies);
}

describe.each(testDevices)('packs, on $title,', ({ missing, open }) => {
  it.skipIf(missing).each([
    [1, 7],
    [3, 2],
    [7, 7],
    [8, 7],
    [50, 7],
    [61, 3],
  ])('are taken apart and put together: %d members, %d outputs at most', async (count, most) => {
    const device = await open(1);
    const members = Array.from({ length: count }, (_, place) => parameter(`p${place}`, [1 + (place % 4), 5]));
    const pack: Pack = { ...new Packing([...members, parameter('last', [1])], packSizes.webgpu).packs[0]! };
    const graph = new Graph();
    const packed = graph.input('packed', 'float32', pack.shape);
    const parts = takenApart(graph, packed, pack, most);
    pack.members.forEach((member, place) => graph.output(member.name, parts[place]!));
    graph.output('again', putTogether(graph, parts, pack));
    const total = pack.members.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const data = new Float32Array(elementCount(pack.shape));
    data.set(normal(total, [1, 2], [3, 0, 0]));
    const found = await run(device, programOf(graph, 'apart'), { packed: { shape: pack.shape, data } });
    let from = 0;
    for (const { name: member, shape } of pack.members) {
      const to = from + elementCount(shape);
      expect(found.get(member), member).toEqual(data.slice(from, to));
      from = to;
    }
    expect(found.get('again')).toEqual(data);
    device.release();
  });

  it.skipIf(missing)('are stepped as their members by themselves, with the same bits', async () => {
    const device = await open(1);
    const parameters = [
      parameter('matrix', [37, 12]),
      parameter('bias', [12], { decay: false }),
      parameter('scale', [7], { decay: false }),
      parameter('upper', [9, 3]),
    ];
    const arrays = ['weights', 'firstMoment', 'secondMoment', 'average'] as const;
    const valuesOf = ({ shape }: OptimizedParameter, place: number, stream: number): Float32Array => {
      const drawn = normal(elementCount(shape), [5, 6], [place, stream, 0]);
      return stream === 2 ? Float32Array.from(drawn, Math.abs) : Float32Array.from(drawn);
    };
    // Nothing is clipped: the norm's bits depend on the order in which it is added up.
    const settings = { weightDecay: 0.1, maxGradNorm: 1e9 };
    const step = { learningRate: 1e-2, averageShare: 0.25, perturbed: false, number: 3 };
    const ends: Map<string, Float32Array>[] = [];
    for (const alone of [false, true]) {
      const { packs } = new Packing(parameters, {
        ...packSizes.webgpu,
        ...{ mostOfMember: alone ? 0 : 1000, mostOfPack: 1000 },
      });
      expect(packs.length).toBe(alone ? 4 : 2);
      const update = new UpdateProgram(packs, settings, true, false);
      const feeds: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
      for (const [key, value] of Object.entries(update.numbers(step, null)))
        feeds[key] = { shape: [], data: Float32Array.of(value) };
      for (const { name: pack, shape, members } of packs)
        [gradientOf(pack), ...arrays.map((array) => stateInput(array, pack))].forEach((input, stream) => {
          const data = new Float32Array(elementCount(shape));
          let from = 0;
          for (const member of members) {
            const values = valuesOf(member, parameters.indexOf(member), stream);
            data.set(values, from);
            from += values.length;
          }
          feeds[input] = { shape, data };
        });
      const found = await run(device, update.program, feeds);
      const ofMembers = new Map<string, Float32Array>();
      for (const { name: pack, members } of packs)
        for (const array of arrays) {
          const data = found.get(nextOf(stateInput(array, pack)))!;
          let from = 0;
          for (const { name: member, shape } of members)
            ofMembers.set(`${array}/${member}`, data.slice(from, (from += elementCount(shape))));
          expect(data.slice(from), 'what is left of a pack').toEqual(new Float32Array(data.length - from));
        }
      ends.push(ofMembers);
    }
    expect(ends[1]!.size).toBe(16);
    for (const [key, values] of ends[1]!) expect(ends[0]!.get(key), key).toEqual(values);
    device.release();
  });
});
