import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  openSafetensors,
  writeSafetensors,
  type NamedTensor,
} from '../../../engine/checkpoint/safetensors.js';
import { openShardedSafetensors } from '../../../engine/checkpoint/sharded-weights.js';
import { InputFault } from '../../../errors/fault.js';
import { goldenTensors, goldens, valuesOf } from './goldens.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'weights-'));

function fileOf(bytes: Uint8Array, name = 'model.safetensors'): string {
  const path = join(folder(), name);
  writeFileSync(path, bytes);
  return path;
}

/** A file with that header, whatever it says, and so many bytes of data. */
function encode(header: unknown, dataBytes: number): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** The entry of one float32, as JSON, and a header with its extent as it is given. */
const float = JSON.stringify(entry(0, 4));
const float4 = (extent: string): string => `{"a":{"dtype":"F32","shape":[${extent}],"data_offsets":[0,4]}}`;

describe('a safetensors file', () => {
  it.each(goldenTensors('every-format.safetensors'))(
    'of every format reads as the library does: %s',
    async (name, golden) => {
      const reader = await openSafetensors(join(goldens, 'formats/every-format.safetensors'));
      expect(reader.shape(name)).toEqual(golden.shape);
      expect(await reader.read(name)).toEqual(valuesOf(golden));
      await reader.close();
    },
  );

  it('gives single rows, in any order and repeatedly', async () => {
    const reader = await openSafetensors(join(goldens, 'formats/every-format.safetensors'));
    const whole = await reader.read('F16');
    const rows = Int32Array.of(1, 2, 5, 0, 0, 3);
    const expected = [...rows].flatMap((row) => [...whole.subarray(row * 5, row * 5 + 5)]);
    expect([...(await reader.readRows('F16', rows))]).toEqual(expected);
    expect(await reader.readRows('F16', new Int32Array(0))).toHaveLength(0);
    await expect(reader.readRows('F16', Int32Array.of(6))).rejects.toThrow(RangeError);
    await expect(reader.readRows('scalar', Int32Array.of(0))).rejects.toThrow(/has no rows/);
    await reader.close();
  });

  it.each([
    ['is empty', Buffer.alloc(0), /truncated/],
    ['ends within the length', Buffer.alloc(5), /truncated/],
    [
      'announces a header of 2^63 bytes',
      Buffer.from('ffffffffffffff7f', 'hex'),
      /header of 9223372036854775807 bytes/,
    ],
    ['announces a header longer than itself', encode('', 0).fill(200, 0, 1), /header of 200 bytes and has 8/],
    ['has a header that is not JSON', encode('{"a":', 0), /not the JSON of a header at character 6/],
    ['has a header that is not an object', encode('[]', 0), /not an object/],
    [
      'has a header that is not UTF-8',
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0xff, 0xfe])]),
      /not UTF-8/,
    ],
    ['has a tensor of null', encode({ a: null }, 0), /number format/],
    ['has an unknown format', encode({ a: entry(0, 8, [2], 'F8_E4M3') }, 8), /number format/],
    ['has a format named like a method', encode({ a: entry(0, 8, [2], 'toString') }, 8), /number format/],
    ['has a negative extent', encode({ a: entry(0, 8, [-2]) }, 8), /not the JSON of a header/],
    ['has a fractional offset', encode({ a: entry(0, 2.5, [1]) }, 8), /not the JSON of a header/],
    ['has a shape that is too large for its offsets', encode({ a: entry(0, 8, [3]) }, 8), /takes 12 bytes/],
    [
      'has a shape whose product overflows',
      encode({ a: entry(0, 8, [2 ** 40, 2 ** 40]) }, 8),
      /no proper shape/,
    ],
    [
      'has a shape that overflows to nothing',
      encode({ a: entry(0, 0, [2 ** 40, 2 ** 40, 0]) }, 0),
      /no proper/,
    ],
    ['names a tensor twice', encode(`{"a":${float},"a":${float}}`, 4), /names "a" twice/],
    ['names a tensor twice, once escaped', encode(`{"a":${float},"\\u0061":${float}}`, 4), /names "a" twice/],
    [
      'names a field twice',
      encode(`{"a":${float.replace('{', '{"dtype":"F32",')}}`, 4),
      /names "dtype" twice/,
    ],
    ['names its metadata twice', encode(`{"__metadata__":{},"__metadata__":{},"a":${float}}`, 4), /twice/],
    ['has metadata of numbers', encode({ __metadata__: { a: 1 } }, 0), /something else than texts/],
    ['has metadata that is a list', encode({ __metadata__: [] }, 0), /something else than texts/],
    ['has metadata that is null', encode({ __metadata__: null }, 0), /something else than texts/],
    ['has an extent with a fraction of nothing', encode(float4('1.0'), 4), /not the JSON of a header/],
    ['has an extent with an exponent', encode(float4('1e0'), 4), /not the JSON of a header/],
    ['has an extent with a leading zero', encode(float4('01'), 4), /not the JSON of a header/],
    ['has an extent beyond 2^53', encode(float4('9007199254740993'), 4), /beyond 2\^53/],
    ['has half of a surrogate pair', encode(`{"\\ud800":${float}}`, 4), /not the JSON of a header/],
    ['begins with a byte-order mark', encode(`\ufeff{"a":${float}}`, 4), /not the JSON of a header/],
    ['nests what it does not need', encode(`{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 4), /nested/],
    ['ends in the middle of a text', encode('{"a', 0), /not the JSON of a header/],
    ['ends with a comma', encode(`{"a":${float},}`, 4), /not the JSON of a header/],
    [
      'announces a header of 20 MB',
      encode(' '.repeat(20 << 20), 0),
      /header of 20971520 bytes, more than 16777216/,
    ],
    ['has its offsets the wrong way round', encode({ a: entry(8, 0, [0]) }, 8), /takes 0 bytes/],
    ['has overlapping tensors', encode({ a: entry(0, 8), b: entry(4, 12) }, 12), /overlaps/],
    ['has a hole', encode({ a: entry(0, 8), b: entry(12, 16) }, 16), /hole/],
    ['lacks its last bytes', encode({ a: entry(0, 8) }, 7), /truncated/],
    ['has bytes after its last tensor', encode({ a: entry(0, 8) }, 9), /follow the last tensor/],
  ])('that %s is an input fault naming the file', async (_, bytes, message) => {
    const path = fileOf(bytes);
    const failure = await openSafetensors(path).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputFault);
    expect((failure as InputFault).message).toMatch(message);
    expect((failure as InputFault).details.where).toBe(path);
  });

  it('that is missing is an input fault', async () => {
    await expect(openSafetensors(join(folder(), 'none'))).rejects.toThrow(InputFault);
  });
});

describe('writing safetensors', () => {
  const tensors = [
    { name: 'b', shape: [2, 2], data: Float32Array.of(1, 2, 3, NaN) },
    { name: '10', shape: [], data: Float32Array.of(-0) },
    { name: 'a.ä', shape: [0, 3], data: new Float32Array(0) },
  ] satisfies NamedTensor[];

  it('returns the hash and size of a file that reads back the same', async () => {
    const path = join(folder(), 'out.safetensors');
    const written = await writeSafetensors(path, tensors, { format: 'pt' });
    const bytes = readFileSync(path);
    expect(written).toEqual({
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
    });
    const reader = await openSafetensors(path);
    for (const { name, shape, data } of tensors) {
      expect(reader.shape(name)).toEqual(shape);
      expect(await reader.read(name)).toEqual(data);
    }
    await reader.close();
  });

  it('gives the same bytes for any order of tensors and metadata, from shared memory too', async () => {
    const [one, two] = [join(folder(), 'one'), join(folder(), 'two')];
    const shared = tensors.map(({ data, ...rest }) => {
      const copy = new Float32Array(new SharedArrayBuffer(data.byteLength));
      copy.set(data);
      return { ...rest, data: copy };
    });
    const first = await writeSafetensors(one, tensors, { a: '1', b: '2' });
    expect(await writeSafetensors(two, shared.reverse(), { b: '2', a: '1' })).toEqual(first);
    expect(readFileSync(two)).toEqual(readFileSync(one));
  });

  it('gives the same bytes for tensors that are got one at a time, as their turn comes', async () => {
    const [one, two] = [join(folder(), 'one'), join(folder(), 'two')];
    const held: string[] = [];
    const later = tensors.map(({ data, ...rest }) => ({
      ...rest,
      data: () => {
        held.push(rest.name);
        return Promise.resolve(data);
      },
    }));
    expect(await writeSafetensors(one, later)).toEqual(await writeSafetensors(two, tensors));
    expect(held).toEqual(tensors.map(({ name }) => name).sort());
  });

  it('throws what the getting of a tensor threw, and leaves nothing behind', async () => {
    const target = folder();
    const lost = new Error('the device is lost');
    const tensor = { name: 'a', shape: [1], data: () => Promise.reject(lost) };
    await expect(writeSafetensors(join(target, 'out'), [tensor])).rejects.toBe(lost);
    const short = { name: 'a', shape: [2], data: () => Promise.resolve(Float32Array.of(1)) };
    await expect(writeSafetensors(join(target, 'out'), [short])).rejects.toThrow(/do not fit \[2\]/);
    expect(readdirSync(target)).toEqual([]);
  });

  it('starts the data at a multiple of eight bytes', async () => {
    const path = join(folder(), 'out');
    for (const name of ['x', 'xx', 'xxx', 'xxxx']) {
      await writeSafetensors(path, [{ name, shape: [1], data: Float32Array.of(1) }]);
      expect(Number(readFileSync(path).readBigUInt64LE()) % 8).toBe(0);
    }
  });

  it('leaves nothing behind where it fails', async () => {
    const target = folder();
    const torn = [{ name: 'a', shape: [1], data: null as unknown as Float32Array }];
    await expect(writeSafetensors(join(target, 'out'), torn)).rejects.toThrow();
    await expect(writeSafetensors(join(target, 'none', 'out'), tensors)).rejects.toThrow(/cannot be written/);
    expect(readdirSync(target)).toEqual([]);
  });
});

describe('sharded safetensors', () => {
  async function shards(weightMap: Readonly<Record<string, unknown>>): Promise<string> {
    const target = folder();
    for (const [shard, name] of [
      ['one', 'a'],
      ['two', 'b'],
    ] as const) {
      const tensor = { name, shape: [1], data: Float32Array.of(name.charCodeAt(0)) };
      await writeSafetensors(join(target, `${shard}.safetensors`), [tensor]);
    }
    const index = join(target, 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: weightMap }));
    return index;
  }

  it('read as one', async () => {
    const reader = await openShardedSafetensors(await shards({ a: 'one.safetensors', b: 'two.safetensors' }));
    expect(reader.names().sort()).toEqual(['a', 'b']);
    expect(await reader.read('b')).toEqual(Float32Array.of(98));
    await reader.close();
  });

  it.each([
    ['leaves the folder', { a: '../one.safetensors' }, /plain .safetensors file/],
    ['is absolute', { a: '/etc/one.safetensors' }, /plain .safetensors file/],
    ['is another kind of file', { a: 'one.bin' }, /plain .safetensors file/],
    ['is no name', { a: 7 }, /plain .safetensors file/],
    ['is missing', { a: 'three.safetensors' }, /cannot be opened/],
    ['does not hold its tensor', { b: 'one.safetensors' }, /not in the shards/],
  ])('are an input fault where a shard %s', async (_, weightMap, message) => {
    const failure = await openShardedSafetensors(await shards(weightMap)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputFault);
    expect((failure as InputFault).message).toMatch(message);
  });
});
