import { InputFault } from '../../errors/fault.js';
import {
  placeOf,
  readRows,
  readTensor,
  type Place,
  type StoredTensor,
  type WeightFile,
} from './stored-tensor.js';

/** A checkpoint's tensors by name; nothing is read before it is asked for. */
export interface WeightReader {
  names(): string[];
  /** Throws a `RangeError` for a name that is not there, as the two reads do. */
  shape(name: string): readonly number[];
  /** Row-major float32, whatever the checkpoint stores. */
  read(name: string): Promise<Float32Array>;
  /** Those rows of a two-dimensional tensor, in the order given: `[rows.length, width]`. */
  readRows(name: string, rows: Int32Array): Promise<Float32Array>;
  /** Where the tensor's bytes lie as they are in memory; null where they are converted or moved as they are read. */
  place(name: string): Place | null;
  close(): Promise<void>;
}

/** The tensors of one or more open files, which it closes. */
export class StoredWeights implements WeightReader {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #files: readonly WeightFile[];

  constructor(tensors: ReadonlyMap<string, StoredTensor>, files: readonly WeightFile[]) {
    this.#tensors = tensors;
    this.#files = files;
  }

  names(): string[] {
    return [...this.#tensors.keys()];
  }

  shape(name: string): readonly number[] {
    return this.#tensor(name).shape;
  }

  async read(name: string): Promise<Float32Array> {
    return readTensor(this.#tensor(name));
  }

  async readRows(name: string, rows: Int32Array): Promise<Float32Array> {
    const tensor = this.#tensor(name);
    if (tensor.shape.length !== 2) {
      throw new InputFault({
        where: tensor.file.path,
        what: `tensor ${name} has no rows`,
        expected: 'two dimensions',
        found: `shape [${tensor.shape.join(', ')}]`,
      });
    }
    return readRows(tensor, rows);
  }

  place(name: string): Place | null {
    return placeOf(this.#tensor(name));
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.handle.close()));
  }

  #tensor(name: string): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new RangeError(`no tensor ${name}`);
    return tensor;
  }
}
