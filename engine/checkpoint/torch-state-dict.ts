import { InputFault } from '../../errors/fault.js';
import type { ElementFormat } from './element-format.js';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleTuple,
  type PickleRules,
  type PickleValue,
} from './pickle.js';

/** One of an archive's storages: a run of numbers that several tensors may share. */
class Storage {
  constructor(
    readonly key: string,
    readonly format: ElementFormat,
  ) {}
}

/** A tensor as a view of a storage; offset and strides are in elements. */
export class StoredView {
  constructor(
    readonly storage: { readonly key: string; readonly format: ElementFormat },
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const maxDimensions = 16;

const storageFormats: Readonly<Record<string, ElementFormat>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

/** The whole allow-list: ordered dictionaries, tensors, parameters and the types of storages. */
export function torchRules(where: string): PickleRules {
  const fail = (what: string): InputFault =>
    new InputFault({ where, what: `the pickle in it is refused: ${what}` });
  return {
    globals: new Map([
      ...Object.keys(storageFormats).map((name) => [name, {}] as const),
      ['collections.OrderedDict', { call: (args) => orderedDict(args, fail) }] as const,
      ['torch._utils._rebuild_tensor_v2', { call: (args) => rebuildTensor(args, fail) }] as const,
      ['torch._utils._rebuild_parameter', { call: (args) => rebuildParameter(args, fail) }] as const,
    ]),
    persistent: (id) => new PickleObject(loadStorage(id, fail)),
  };
}

/** The tensors of an unpickled state dict, by name. */
export function readStateDict(where: string, value: PickleValue): Map<string, StoredView> {
  if (!(value instanceof PickleDict)) throw notWeights(where, 'it holds something else');
  return new Map(
    [...value.entries].map(([name, entry]) => {
      if (typeof name !== 'string') throw notWeights(where, 'a key is not a string');
      if (!(entry instanceof PickleObject && entry.value instanceof StoredView)) {
        throw notWeights(where, `${JSON.stringify(name.slice(0, 80))} is not a tensor`);
      }
      return [name, entry.value];
    }),
  );
}

function notWeights(where: string, found: string): InputFault {
  return new InputFault({
    where,
    what: 'the archive is not a state dict',
    expected: 'a dictionary of named tensors',
    found,
    remedy: 'Save the weights alone: torch.save(model.state_dict(), path).',
  });
}

type Fail = (what: string) => InputFault;

function orderedDict(args: readonly PickleValue[], fail: Fail): PickleDict {
  if (args.length > 0) throw fail('an ordered dictionary is made with arguments');
  return new PickleDict();
}

/** ('storage', type, key, device, elements), as torch.save names what it stores beside the pickle. */
function loadStorage(id: PickleValue, fail: Fail): Storage {
  const [kind, type, key] = id instanceof PickleTuple ? id.items : [];
  const format = type instanceof PickleGlobal ? storageFormats[type.name] : undefined;
  if (kind !== 'storage' || format === undefined || typeof key !== 'string' || !/^\d{1,9}$/.test(key)) {
    throw fail('a storage is not described as torch.save does');
  }
  return new Storage(key, format);
}

/** _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata]) */
function rebuildTensor(args: readonly PickleValue[], fail: Fail): PickleObject {
  const [storage, offset, size, stride] = args;
  const shape = sizes(size);
  const strides = sizes(stride);
  const valid =
    storage instanceof PickleObject && storage.value instanceof Storage && isSize(offset) && shape && strides;
  if (!valid || shape.length !== strides.length || shape.length > maxDimensions) {
    throw fail('a tensor is not described as torch.save does');
  }
  return new PickleObject(new StoredView(storage.value, offset, shape, strides));
}

/** _rebuild_parameter(data, requires_grad, hooks) */
function rebuildParameter(args: readonly PickleValue[], fail: Fail): PickleObject {
  const [data] = args;
  if (!(data instanceof PickleObject && data.value instanceof StoredView)) {
    throw fail('a parameter holds no tensor');
  }
  return data;
}

function sizes(value: PickleValue | undefined): number[] | undefined {
  return value instanceof PickleTuple && value.items.every(isSize) ? [...value.items] : undefined;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
