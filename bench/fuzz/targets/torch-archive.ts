import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTorchArchive } from '../../../engine/checkpoint/torch-archive.js';
import type { Dice } from '../../dice.js';
import { integer, mutateBytes, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';
import { readAll } from '../understood-weights.js';
import { zip, type ZipEntry } from '../zip-archive.js';

const storages = {
  Float: 4,
  Double: 8,
  Half: 2,
  BFloat16: 2,
  Long: 8,
  Int: 4,
  Short: 2,
  Char: 1,
  Byte: 1,
  Bool: 1,
};
type StorageName = keyof typeof storages;

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([latin('X'), length, bytes]);
}

function number(value: number): Buffer {
  if (value >= 0 && value < 256) return Buffer.from([0x4b, value]);
  const bytes = Buffer.alloc(5, 0x4a);
  bytes.writeInt32LE(value | 0, 1);
  return bytes;
}

const tuple = (...items: readonly Buffer[]): Buffer => Buffer.concat([latin('('), ...items, latin('t')]);
const call = (name: string, args: Buffer): Buffer => Buffer.concat([latin(`c${name}\n`), args, latin('R')]);
const ordered = call('collections\nOrderedDict', latin(')'));
const numbers = (values: readonly number[]): Buffer => tuple(...values.map(number));

interface Tensor {
  readonly name: string;
  readonly storage: StorageName;
  readonly key: string;
  /** Elements of the storage. */
  readonly elements: number;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

function tensor(dice: Dice, index: number): Tensor {
  const shape = Array.from({ length: integer(dice, 0, 4) }, () => integer(dice, 0, 4));
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, extent) => product * extent, 1),
  );
  const [offset, spare] = [integer(dice, 0, 3), integer(dice, 0, 3)];
  const elements = offset + spare + shape.reduce((product, extent) => product * extent, 1);
  const storage = dice.one(Object.keys(storages) as StorageName[]) ?? 'Float';
  return { name: `layer.${index}.weight`, storage, key: String(index), elements, offset, shape, strides };
}

/** One thing about a tensor that torch.save never writes, or not so. */
function odd(dice: Dice, sound: Tensor): Tensor {
  const size = (): number => dice.one([-1, 0, 1, 2, 7, 1000, 2 ** 31 - 1]) ?? 0;
  switch (dice.one(['name', 'storage', 'key', 'elements', 'offset', 'shape', 'strides', 'turned'] as const)) {
    case 'name':
      return { ...sound, name: dice.one([oddText(dice), 'layer.0.weight']) ?? '' };
    case 'storage':
      return { ...sound, storage: 'ComplexFloat' as StorageName };
    case 'key':
      return { ...sound, key: dice.one(['0', '00', '1', '../0', '', '1e0', oddText(dice)]) ?? '' };
    case 'elements':
      return { ...sound, elements: size() };
    case 'offset':
      return { ...sound, offset: size() };
    case 'shape':
      return { ...sound, shape: [...sound.shape.slice(1), size()] };
    case 'strides':
      return { ...sound, strides: sound.strides.map(() => size()) };
    default:
      return { ...sound, shape: [...sound.shape].reverse(), strides: [...sound.strides].reverse() };
  }
}

function rebuilt(dice: Dice, { storage, key, elements, offset, shape, strides }: Tensor): Buffer {
  const type = latin(`ctorch\n${storage}Storage\n`);
  const device = text(dice.one(['cpu', 'cpu', 'cpu', 'cuda:0', 'meta']) ?? 'cpu');
  const id = tuple(text('storage'), type, text(key), device, number(elements));
  const rare = dice.between(0, 1) < 0.1;
  const grad = latin(rare ? (dice.one(['\x88', 'N', 'K\x01']) ?? '\x88') : '\x89');
  const hooks = rare ? (dice.one([latin('N'), latin('}'), latin(')'), number(1)]) ?? ordered) : ordered;
  const more = rare
    ? (dice.one([latin(''), latin('}'), latin('N'), number(1), latin(')')]) ?? latin(''))
    : latin('');
  const args = [id, latin('Q'), number(offset), numbers(shape), numbers(strides), grad, hooks, more];
  return call('torch._utils\n_rebuild_tensor_v2', tuple(...args));
}

function pickle(dice: Dice, tensors: readonly Tensor[]): Buffer {
  const items = tensors.flatMap((one) => [
    text(one.name),
    dice.between(0, 1) < 0.1
      ? call('torch._utils\n_rebuild_parameter', tuple(rebuilt(dice, one), latin('\x88'), ordered))
      : rebuilt(dice, one),
  ]);
  const state = dice.one([
    latin(''),
    latin(''),
    latin('}b'),
    latin('}X\x01\x00\x00\x00aK\x01sb'),
    latin('K\x01b'),
  ]);
  const dict = dice.between(0, 1) < 0.2 ? latin('}') : ordered;
  const all = [latin('\x80\x02'), dict, latin('('), ...items, latin('u'), state ?? latin(''), latin('.')];
  return Buffer.concat(all);
}

const operations = [
  ...[
    '(',
    '0',
    'N',
    '\x88',
    '\x89',
    'K\x01',
    'M\x01\x02',
    'J\xff\xff\xff\xff',
    '\x8a\x01\x05',
    '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f',
  ],
  ...[
    'G@\x04\x00\x00\x00\x00\x00\x00',
    'X\x01\x00\x00\x00a',
    '\x8c\x01b',
    ')',
    '\x85',
    '\x86',
    '\x87',
    't',
    ']',
    'a',
    'e',
    '}',
    's',
    'u',
  ],
  ...[
    'q\x00',
    'r\x01\x00\x00\x00',
    '\x94',
    'h\x00',
    'j\x01\x00\x00\x00',
    'R',
    'b',
    'Q',
    '\x80\x02',
    '\x95\x08\x00\x00\x00\x00\x00\x00\x00',
  ],
  ...[
    'ccollections\nOrderedDict\n',
    'ctorch._utils\n_rebuild_tensor_v2\n',
    'ctorch\nFloatStorage\n',
    'cos\nsystem\n',
    '\x93',
    '.',
  ],
];

/** A program of operations that need not make sense, some of them many times. */
function program(dice: Dice): Buffer {
  const parts = Array.from({ length: integer(dice, 1, 40) }, () => {
    const times = dice.between(0, 1) < 0.02 ? integer(dice, 1, 2_000_000) : 1;
    return (dice.one(operations) ?? 'N').repeat(times);
  });
  return latin(`\x80\x02${parts.join('')}.`).subarray(0, 4 << 20);
}

function dataOf({ key, storage, elements }: Tensor): ZipEntry {
  const bytes = Math.min(4_000, Math.max(0, elements)) * (storages[storage] ?? 8);
  const values = Uint8Array.from({ length: bytes }, (_, i) => (storage === 'Bool' ? i & 1 : (i * 37) & 0x7f));
  return { name: `archive/data/${key}`, bytes: values };
}

function oddEntries(dice: Dice, entries: readonly ZipEntry[]): ZipEntry[] {
  const at = integer(dice, 0, entries.length);
  const one = entries[at]!;
  switch (dice.one(['twice', 'case', 'away', 'name', 'claims', 'bytes', 'more', 'order'] as const)) {
    case 'twice':
      return [...entries, { ...one, bytes: Uint8Array.from(one.bytes, (byte) => byte ^ 1) }];
    case 'case':
      return [...entries, { ...one, name: one.name.toUpperCase() }];
    case 'away':
      return entries.filter((_, index) => index !== at);
    case 'name':
      return entries.map((entry, index) => (index === at ? { ...entry, name: oddText(dice) } : entry));
    case 'claims': {
      const claims = dice.one([
        { method: 8 },
        { size: 5 },
        { size: 2 ** 32 - 1 },
        { offset: 0 },
        { offset: 2 ** 32 - 1 },
      ]);
      return entries.map((entry, index) => (index === at ? { ...entry, claims: claims ?? {} } : entry));
    }
    case 'bytes':
      return entries.map((entry, index) =>
        index === at ? { ...entry, bytes: mutateBytes(dice, entry.bytes) } : entry,
      );
    case 'more':
      return [
        ...entries,
        {
          name: dice.one(['archive/byteorder', 'other/x', 'archive/.data/version']) ?? '',
          bytes: latin('big'),
        },
      ];
    default:
      return [...entries].reverse();
  }
}

/** A zip with a pickle in it, as torch.save writes a state dict. */
export const torchArchive: FuzzTarget = {
  name: 'torch-archive',
  reads: 'pytorch_model.bin',
  extension: '.bin',
  make(dice) {
    const sound = Array.from({ length: integer(dice, 0, 4) }, (_, index) => tensor(dice, index));
    const kind = dice.one([
      'sound',
      'tensor',
      'tensor',
      'pickle',
      'program',
      'entries',
      'entries',
      'zip',
    ] as const);
    const tensors =
      kind === 'tensor' ? sound.map((one) => (dice.between(0, 1) < 0.5 ? odd(dice, one) : one)) : sound;
    const made = kind === 'program' ? program(dice) : pickle(dice, tensors);
    const entries = [
      { name: 'archive/data.pkl', bytes: kind === 'pickle' ? mutateBytes(dice, made) : made },
      { name: 'archive/version', bytes: latin('3\n') },
      ...(dice.between(0, 1) < 0.5 ? [{ name: 'archive/byteorder', bytes: latin('little') }] : []),
      ...tensors.map(dataOf),
    ];
    const archive = zip(kind === 'entries' ? oddEntries(dice, entries) : entries);
    return kind === 'zip' ? mutateBytes(dice, archive) : archive;
  },
  async run(input, scratch) {
    const path = join(scratch, 'pytorch_model.bin');
    writeFileSync(path, input);
    return readAll(await openTorchArchive(path));
  },
};
