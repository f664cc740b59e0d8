import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseModelFiles } from '../../../engine/checkpoint/model-files.js';
import { openShardedTorchArchive } from '../../../engine/checkpoint/sharded-weights.js';
import { openTorchArchive } from '../../../engine/checkpoint/torch-archive.js';
import { InputFault } from '../../../errors/fault.js';
import { goldens, goldenTensors, valuesOf } from './goldens.js';
import { zip, type ZipEntry } from '../../../bench/fuzz/zip-archive.js';

const golden = (name: string): string => join(goldens, 'formats', name);

function fileOf(bytes: Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'archive-')), 'pytorch_model.bin');
  writeFileSync(path, bytes);
  return path;
}

async function failureOf(path: string): Promise<InputFault> {
  const failure: unknown = await openTorchArchive(path).then(
    (reader) => reader.close(),
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(InputFault);
  return failure as InputFault;
}

describe.each(['every-format.protocol2.bin', 'every-format.protocol4.bin'])(
  'what torch.save writes: %s',
  (file) => {
    it.each(goldenTensors(file))('gives torch’s values of the tensor %s', async (name, expected) => {
      const reader = await openTorchArchive(golden(file));
      expect(reader.shape(name)).toEqual(expected.shape);
      expect(await reader.read(name)).toEqual(valuesOf(expected));
      await reader.close();
    });

    it('gives single rows of a transposed tensor', async () => {
      const reader = await openTorchArchive(golden(file));
      const whole = await reader.read('transposed');
      expect(await reader.readRows('transposed', Int32Array.of(4, 1))).toEqual(
        Float32Array.of(...whole.subarray(24, 30), ...whole.subarray(6, 12)),
      );
      await reader.close();
    });
  },
);

it('the state dict of a module, which carries metadata, is read', async () => {
  const reader = await openTorchArchive(golden('module-state.bin'));
  expect(reader.names()).toEqual(['weight', 'bias']);
  await reader.close();
});

describe('archives that an index names', () => {
  const files = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'] as const;
  const names = goldenTensors('every-format.protocol2.bin').map(([name]) => name);

  /** The same archive twice, so that each tensor may be in either. */
  function shards(weightMap: Readonly<Record<string, unknown>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'archives-'));
    for (const file of files) copyFileSync(golden('every-format.protocol2.bin'), join(folder, file));
    const index = join(folder, 'pytorch_model.bin.index.json');
    writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: weightMap }));
    return index;
  }

  it('are read as one, each tensor where the index says', async () => {
    const index = shards(Object.fromEntries(names.map((name, place) => [name, files[place % 2]])));
    const [reader, whole] = [
      await openShardedTorchArchive(index),
      await openTorchArchive(golden('every-format.protocol2.bin')),
    ];
    expect(reader.names().toSorted()).toEqual(names.toSorted());
    for (const name of names) expect(await reader.read(name)).toEqual(await whole.read(name));
    await Promise.all([reader.close(), whole.close()]);
    expect(chooseModelFiles(['pytorch_model.bin.index.json', ...files]).weights).toBe(
      'pytorch_model.bin.index.json',
    );
  });

  it.each([
    ['leaves the folder', { a: `../${files[0]}` }, /plain \.bin file/],
    ['is another kind of file', { a: 'model.safetensors' }, /plain \.bin file/],
    ['is missing', { a: 'three.bin' }, /cannot be opened/],
    ['does not hold its tensor', { absent: files[0] }, /not in the shards/],
  ])('are refused where one %s', async (_, weightMap, message) => {
    const failure: unknown = await openShardedTorchArchive(shards(weightMap)).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(InputFault);
    expect((failure as InputFault).message).toMatch(message);
  });
});

describe('an archive is refused that', () => {
  it.each([
    ['is of the time before zips', 'not-a-zip.bin', /not a zip archive.*Save it again/],
    ['holds a whole module', 'module.bin', /torch\.nn\.modules\.linear\.Linear/],
    ['holds a dictionary within', 'nested.bin', /"epoch" is not a tensor/],
    ['repeats its storage', 'expanded.bin', /reaches beyond its storage/],
  ])('%s', async (_, file, message) => {
    expect((await failureOf(golden(file))).message).toMatch(message);
  });

  const data = (text: string): Buffer => Buffer.from(text, 'latin1');
  /** {'w': a tensor of so many float32 over storage 0} with the key, shape and strides given. */
  function tensor(count: number, offset = 0, stride = 1, key = '0'): Buffer {
    const number = (value: number): Buffer => {
      const bytes = Buffer.alloc(5, 0x4a);
      bytes.writeInt32LE(value, 1);
      return bytes;
    };
    return Buffer.concat([
      data(
        '\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX',
      ),
      Buffer.from([key.length, 0, 0, 0]),
      data(`${key}X\x03\x00\x00\x00cpuK\x04tQ`),
      number(offset),
      number(count),
      data('\x85'),
      number(stride),
      data('\x85\x89}tRs.'),
    ]);
  }
  const storage: ZipEntry = { name: 'm/data/0', bytes: Buffer.alloc(16) };
  const pickle = (bytes: Buffer): ZipEntry => ({ name: 'm/data.pkl', bytes });
  const version: ZipEntry = { name: 'm/version', bytes: Buffer.from('3\n') };
  const good = [pickle(tensor(4)), storage, version];

  /** An archive of torch's own, its locator of the second end changed. */
  function zip64(position: bigint): Buffer {
    const bytes = Buffer.from(readFileSync(golden('module-state.bin')));
    bytes.writeBigUInt64LE(position, bytes.length - 22 - 20 + 8);
    return bytes;
  }

  it('the well-formed archive of this table is not', async () => {
    const reader = await openTorchArchive(fileOf(zip(good)));
    expect(await reader.read('w')).toEqual(new Float32Array(4));
    await reader.close();
  });

  it.each([
    ['is empty', Buffer.alloc(0), /truncated/],
    ['has no directory', Buffer.from('PK\x03\x04 and nothing else'), /truncated/],
    ['is cut short', zip(good).subarray(0, 150), /damaged or truncated/],
    ['has no pickle', zip([storage]), /a data.pkl in its folder/],
    ['has two pickles', zip([...good, { name: 'n/data.pkl', bytes: tensor(4) }]), /outside the folder/],
    ['has two entries of one name', zip([...good, storage]), /two entries have one name/],
    [
      'has two entries that differ in case alone',
      zip([...good, { ...storage, name: 'm/DATA/0' }]),
      /two entries have one name/,
    ],
    ['has no version', zip([pickle(tensor(4)), storage]), /version is not known/],
    [
      'is of a version to come',
      zip([pickle(tensor(4)), storage, { ...version, bytes: Buffer.from('11') }]),
      /version is not known/,
    ],
    [
      'has more data than its tensors say',
      zip([pickle(tensor(4)), { ...storage, bytes: Buffer.alloc(32) }, version]),
      /another size; found 32 bytes; expected 16/,
    ],
    ['has bytes behind its end', Buffer.concat([zip(good), Buffer.alloc(1)]), /damaged/],
    ['has bytes before its beginning', Buffer.concat([Buffer.from('PK\x03\x04'), zip(good)]), /damaged/],
    ['has a zip64 position beyond 2^63', zip64(2n ** 64n - 1n), /damaged/],
    ['has a zip64 position elsewhere', zip64(4n), /damaged/],
    [
      'climbs out of its folder',
      zip([...good, { name: '../x', bytes: Buffer.alloc(1) }]),
      /outside the folder/,
    ],
    [
      'claims a compressed entry',
      zip([pickle(tensor(4)), { ...storage, claims: { method: 8 } }]),
      /compressed/,
    ],
    [
      'claims an entry larger than itself',
      zip([pickle(tensor(4)), { ...storage, claims: { size: 2 ** 31 } }]),
      /truncated|beyond/,
    ],
    [
      'claims an entry beyond its end',
      zip([pickle(tensor(4)), { ...storage, claims: { offset: 2 ** 30 } }]),
      /damaged|truncated/,
    ],
    ['lacks a storage', zip([pickle(tensor(4)), version]), /has no data/],
    [
      'has a tensor larger than its storage',
      zip([pickle(tensor(5)), storage, version]),
      /beyond its storage/,
    ],
    [
      'has a tensor that begins beyond its storage',
      zip([pickle(tensor(1, 4)), storage, version]),
      /beyond its storage/,
    ],
    [
      'has a tensor that strides beyond its storage',
      zip([pickle(tensor(2, 0, 4)), storage, version]),
      /beyond its storage/,
    ],
    ['has a tensor of negative size', zip([pickle(tensor(-1)), storage, version]), /not described/],
    [
      'has a storage named by a path',
      zip([pickle(tensor(4, 0, 1, '../0')), storage, version]),
      /storage is not described/,
    ],
    [
      'has big-endian numbers',
      zip([...good, { name: 'm/byteorder', bytes: Buffer.from('big') }]),
      /byte order/,
    ],
  ])('%s', async (_, bytes, message) => {
    expect((await failureOf(fileOf(bytes))).message).toMatch(message);
  });

  it('has any one byte of its pickle changed, or else it reads as numbers', async () => {
    const bytes = readFileSync(golden('module-state.bin'));
    const start = bytes.indexOf('\x80\x02', 0, 'latin1');
    for (let at = start; at < start + 250; at += 7) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((bytes.readUInt8(at) + 1) & 255, at);
      const outcome: unknown = await openTorchArchive(fileOf(changed)).then(
        (reader) => reader.close(),
        (error: unknown) => error,
      );
      expect(outcome === undefined || outcome instanceof InputFault, `byte ${at}: ${String(outcome)}`).toBe(
        true,
      );
    }
  });
});
