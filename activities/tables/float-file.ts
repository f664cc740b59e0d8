import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';

/** Raw little-endian float32 in a file, read by ranges. */
export class FloatFile {
  private readonly descriptor: number;
  readonly length: number;

  constructor(path: string) {
    this.descriptor = openSync(path, 'r');
    this.length = fstatSync(this.descriptor).size / Float32Array.BYTES_PER_ELEMENT;
  }

  /** The values `first` … `end - 1`. */
  range(first: number, end: number): Float32Array {
    const values = new Float32Array(end - first);
    const bytes = new Uint8Array(values.buffer);
    const at = first * Float32Array.BYTES_PER_ELEMENT;
    for (let done = 0; done < bytes.length;) {
      const count = readSync(this.descriptor, bytes, done, bytes.length - done, at + done);
      if (count === 0) throw new RangeError(`${this.length} numbers, but ${end} are read`);
      done += count;
    }
    return values;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

export function readFloatFile(path: string): Float32Array {
  const file = new FloatFile(path);
  try {
    return file.range(0, file.length);
  } finally {
    file.close();
  }
}

export function writeFloatFile(path: string, values: Float32Array): void {
  writeFileSync(path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
