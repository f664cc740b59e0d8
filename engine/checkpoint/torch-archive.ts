import { openPromise, type Entry, type ZipFile } from 'yauzl';
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
import { readStateDict, torchRules, type StoredView } from './torch-state-dict.js';
import { StoredWeights, type WeightReader } from './weight-reader.js';

const maxPickleBytes = 64 << 20;

const maxEntries = 100_000;

/** Where an uncompressed entry's bytes lie in the archive. */
interface Span {
  readonly start: number;
  readonly bytes: number;
}

/**
 * Opens what `torch.save` writes for a state dict: a zip that holds a pickle and, uncompressed, one
 * file per storage. Compressed entries are refused (torch writes none), so nothing can inflate.
 */
export async function openTorchArchive(path: string): Promise<WeightReader> {
  const file = await openWeightFile(path);
  try {
    await checkZip(file);
    const entries = await readEntries(file);
    const root = archiveRoot(file, entries);
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
    return new StoredWeights(new Map(tensors), [file]);
  } catch (fault) {
    await file.handle.close();
    throw fault;
  }
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

async function readEntries(file: WeightFile): Promise<Map<string, Span>> {
  const zip = await openPromise(file.path, { autoClose: false, strictFileNames: true }).catch(
    (cause: unknown) => {
      throw damaged(file, cause);
    },
  );
  try {
    if (zip.entryCount > maxEntries) {
      throw refuse(file, 'it has too many entries', `at most ${maxEntries}`, `${zip.entryCount}`);
    }
    const spans = new Map<string, Span>();
    for await (const entry of zip.eachEntry()) spans.set(entry.fileName, await spanOf(file, zip, entry));
    return spans;
  } catch (cause) {
    throw cause instanceof InputFault ? cause : damaged(file, cause);
  } finally {
    zip.close();
  }
}

async function spanOf(file: WeightFile, zip: ZipFile, entry: Entry): Promise<Span> {
  if (
    entry.compressionMethod !== 0 ||
    entry.isEncrypted() ||
    entry.compressedSize !== entry.uncompressedSize
  ) {
    throw refuse(
      file,
      'an entry is compressed or encrypted',
      'stored entries, as torch.save writes them',
      'another kind',
    );
  }
  const start = await new Promise<number>((resolve, reject) => {
    zip.readLocalFileHeader(entry, { minimal: true }, (error, header) => {
      if (header === undefined) reject(error ?? new Error('no local header'));
      else resolve(header.fileDataStart);
    });
  });
  if (start + entry.uncompressedSize > file.bytes) throw truncated(file, start + entry.uncompressedSize);
  return { start, bytes: entry.uncompressedSize };
}

/** The folder all entries share, with its slash: torch names it after the file. */
function archiveRoot(file: WeightFile, entries: ReadonlyMap<string, Span>): string {
  const roots = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (roots.length !== 1) {
    throw refuse(file, 'it is not an archive of weights', 'one data.pkl', `${roots.length}`);
  }
  return (roots[0] as string).slice(0, -'data.pkl'.length);
}

async function checkByteOrder(file: WeightFile, span: Span | undefined): Promise<void> {
  if (span === undefined) return;
  const order = (await readBytes(file, span.start, Math.min(span.bytes, 16))).toString('latin1');
  if (order !== 'little')
    throw refuse(file, 'its numbers have another byte order', 'little', JSON.stringify(order));
}

/** Puts a view of a storage at its place in the file, after checking that it stays inside. */
function locate(file: WeightFile, name: string, view: StoredView, span: Span | undefined): StoredTensor {
  const { storage, shape, strides, offset } = view;
  if (span === undefined) throw refuse(file, `tensor ${name} has no data`, `an entry ${storage.key}`, 'none');
  const width = bytesPerElement(storage.format);
  const count = elementCount(shape);
  const elements = Math.floor(span.bytes / width);
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

function damaged(file: WeightFile, cause: unknown): InputFault {
  return new InputFault(
    {
      where: file.path,
      what: 'the archive is damaged or truncated',
      remedy: 'Download or copy the checkpoint again.',
    },
    { cause },
  );
}

function refuse(file: WeightFile, what: string, expected: string, found: string): InputFault {
  return new InputFault({
    where: file.path,
    what,
    expected,
    found,
    remedy: 'Save the weights again with torch.save(model.state_dict()), or use model.safetensors.',
  });
}
