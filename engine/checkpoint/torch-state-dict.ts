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
import { isReasonableShape } from './stored-tensor.js';

/** One of an archive's storages: a run of numbers that several tensors may share. */
class Storage {
  constructor(
    readonly key: string,
    readonly format: ElementFormat,
    readonly elements: number,
  ) {}
}

/** A tensor as a view of a storage; offset and strides are in elements. */
export class StoredView {
  constructor(
    readonly storage: Pick<Storage, 'key' | 'format' | 'elements'>,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

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
  return new PickleDict(true);
}

/** ('storage', type, key, device, elements), as torch.save names what it stores beside the pickle. */
function loadStorage(id: PickleValue, fail: Fail): Storage {
  const items = id instanceof PickleTuple && id.items.length === 5 ? id.items : [];
  const [kind, type, key, device, elements] = items;
  const format = type instanceof PickleGlobal ? storageFormats[type.name] : undefined;
  const named = kind === 'storage' && typeof key === 'string' && /^\d{1,9}$/.test(key);
  if (named && format !== undefined && typeof device === 'string' && isSize(elements)) {
    return new Storage(key, format, elements);
  }
  throw fail('a storage is not described as torch.save does');
}

/**
 * _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata]). What metadata may
 * ask for, such as another sign, changes the values.
 */
function rebuildTensor(args: readonly PickleValue[], fail: Fail): PickleObject {
  const [storage, offset, size, stride, grad, hooks, metadata = null] = args;
  const shape = sizes(size);
  const strides = sizes(stride);
  const valid =
    storage instanceof PickleObject && storage.value instanceof Storage && isSize(offset) && shape && strides;
  const usual =
    valid && args.length >= 6 && args.length <= 7 && isPlain(storage.value, grad, hooks) && isEmpty(metadata);
  if (!usual || shape.length !== strides.length || !isReasonableShape(shape)) {
    throw fail('a tensor is not described as torch.save does');
  }
  return new PickleObject(new StoredView(storage.value, offset, shape, strides));
}

/** _rebuild_parameter(data, requires_grad, hooks) */
function rebuildParameter(args: readonly PickleValue[], fail: Fail): PickleObject {
  const [data, grad, hooks] = args;
  const view = data instanceof PickleObject ? data.value : undefined;
  if (args.length === 3 && view instanceof StoredView && isPlain(view.storage, grad, hooks)) {
    return new PickleObject(view);
  }
  throw fail('a parameter holds no tensor');
}

/** Whole numbers have no gradients, and nothing that is saved has hooks. */
function isPlain(
  { format }: Pick<Storage, 'format'>,
  grad: PickleValue | undefined,
  hooks: PickleValue | undefined,
): boolean {
  const allowed = grad === false || (grad === true && floating.has(format));
  return allowed && hooks !== undefined && isEmpty(hooks);
}

const floating: ReadonlySet<ElementFormat> = new Set(['F64', 'F32', 'F16', 'BF16']);

function isEmpty(value: PickleValue): boolean {
  return value === null || (value instanceof PickleDict && value.entries.size === 0);
}

/** Far more than a shape has. Looked at first: one long tuple may be an argument many times. */
const maxSizes = 64;

function sizes(value: PickleValue | undefined): number[] | undefined {
  const short = value instanceof PickleTuple && value.items.length <= maxSizes;
  return short && value.items.every(isSize) ? [...value.items] : undefined;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
