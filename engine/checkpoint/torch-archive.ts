import { InputFault } from '../../errors/fault.js';
import { bytesPerElement } from './element-format.js';
import { readPickle } from './pickle.js';
import {
  elementCount,
  openWeightFile,
  readBytes,
  truncated,
  type StoredTensor,
  type WeightFile,
} from './stored-tensor.js';
import { readStoredZip, refuse, type Span } from './stored-zip.js';
import { readStateDict, torchRules, type StoredView } from './torch-state-dict.js';
import { StoredWeights, type WeightReader } from './weight-reader.js';

const maxPickleBytes = 16 << 20;

/** Versions of the archive that PyTorch has written so far. */
const archiveVersion = /^(?:[1-9]|10)\n?$/;

/**
 * Opens what `torch.save` writes for a state dict: a zip that holds a pickle and, uncompressed, one
 * file per storage. Compressed entries are refused (torch writes none), so nothing can inflate.
 */
export async function openTorchArchive(path: string): Promise<WeightReader> {
  const file = await openWeightFile(path);
  try {
    return new StoredWeights(await readTorchTensors(file), [file]);
  } catch (fault) {
    await file.handle.close();
    throw fault;
  }
}

/** Where the tensors of an archive lie, by name. */
export async function readTorchTensors(file: WeightFile): Promise<Map<string, StoredTensor>> {
  const { path } = file;
  await checkZip(file);
  const entries = await readStoredZip(file);
  const root = archiveRoot(file, entries);
  await checkVersion(file, entries.get(`${root}.data/version`) ?? entries.get(`${root}version`));
  await checkByteOrder(file, entries.get(`${root}byteorder`));
  const pickle = entries.get(`${root}data.pkl`) as Span;
  if (pickle.bytes > maxPickleBytes) {
    throw refuse(file, 'its pickle is too large', `at most ${maxPickleBytes} bytes`, `${pickle.bytes}`);
  }
  const bytes = await readBytes(file, pickle.start, pickle.bytes);
  const views = readStateDict(path, readPickle(path, bytes, torchRules(path)));
  const tensors = [...views].map(([name, view]): [string, StoredTensor] => [
    name,
    locate(file, name, view, entries.get(`${root}data/${view.storage.key}`)),
  ]);
  return new Map(tensors);
}

async function checkZip(file: WeightFile): Promise<void> {
  if (file.bytes < 4) throw truncated(file, 4);
  const start = await readBytes(file, 0, 4);
  if (start.toString('latin1') === 'PK\x03\x04') return;
  throw new InputFault({
    where: file.path,
    what: 'not a zip archive as torch.save writes it since version 1.6',
    remedy: 'Save it again with a current PyTorch, or use model.safetensors.',
  });
}

/** The folder that all entries share, with its slash: torch names it after the file. */
function archiveRoot(file: WeightFile, entries: ReadonlyMap<string, Span>): string {
  const [first = ''] = entries.keys();
  const root = first.slice(0, first.indexOf('/') + 1);
  const stray = [...entries.keys()].find((name) => !name.startsWith(root));
  if (stray !== undefined) {
    const found = JSON.stringify(stray.slice(0, 80));
    throw refuse(file, 'an entry lies outside the folder of the archive', 'one folder', found);
  }
  if (root !== '' && entries.has(`${root}data.pkl`)) return root;
  throw refuse(file, 'it is not an archive of weights', 'a data.pkl in its folder', 'none');
}

async function checkVersion(file: WeightFile, span: Span | undefined): Promise<void> {
  const version = span === undefined ? 'none' : await readText(file, span);
  if (archiveVersion.test(version)) return;
  throw refuse(file, 'its version is not known', '1 to 10', JSON.stringify(version));
}

async function checkByteOrder(file: WeightFile, span: Span | undefined): Promise<void> {
  if (span === undefined) return;
  const order = await readText(file, span);
  if (order === 'little') return;
  throw refuse(file, 'its numbers have another byte order', 'little', JSON.stringify(order));
}

async function readText(file: WeightFile, { start, bytes }: Span): Promise<string> {
  return (await readBytes(file, start, Math.min(bytes, 16))).toString('latin1');
}

/** Puts a view of a storage at its place in the file, after checking that it stays inside. */
function locate(file: WeightFile, name: string, view: StoredView, span: Span | undefined): StoredTensor {
  const { storage, shape, strides, offset } = view;
  if (span === undefined) throw refuse(file, `tensor ${name} has no data`, `an entry ${storage.key}`, 'none');
  const width = bytesPerElement(storage.format);
  const count = elementCount(shape);
  const { elements } = storage;
  if (elements * width !== span.bytes) {
    const found = `${span.bytes} bytes`;
    throw refuse(file, `the data of tensor ${name} has another size`, `${elements * width} bytes`, found);
  }
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * (strides[axis] as number), offset);
  // An expanded tensor repeats its storage: a few bytes could ask for any amount of memory.
  if (count > elements || (count > 0 && last >= elements)) {
    throw refuse(
      file,
      `tensor ${name} reaches beyond its storage`,
      `at most ${elements} elements`,
      `${count}`,
    );
  }
  return { file, format: storage.format, shape, strides, position: span.start + offset * width };
}
