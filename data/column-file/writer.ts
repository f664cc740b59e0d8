import { closeSync, openSync, writeSync } from 'node:fs';
import { alignment, magic, maxTextBytes, type Column, type Footer } from './format.js';
import { Growing, GrowingBytes } from './growing.js';

/** Texts are written in pieces of this size. */
const pieceBytes = 1 << 20;

/**
 * Writes a column file, one column after the other. Whoever names the file sees to it that it is whole:
 * until `finish` it is not.
 */
export class ColumnFileWriter {
  private readonly descriptor: number;
  private readonly columns: Column[] = [];
  private at = 0;

  constructor(path: string) {
    this.descriptor = openSync(path, 'w');
    this.write(magic);
  }

  /** A column whose texts are still to come: they go to the file as they do. No other column meanwhile. */
  texts(name: string): TextsWriter {
    this.align();
    const { at } = this;
    return new TextsWriter(
      (bytes) => this.write(bytes),
      (offsets, bytes) => {
        this.align();
        this.columns.push({ name, kind: 'texts', at, bytes, offsetsAt: this.at });
        this.write(bytesOf(offsets));
      },
    );
  }

  /** @param values `[rows, width]` */
  bytes(name: string, width: number, values: Uint8Array): void {
    this.align();
    this.columns.push({ name, kind: 'bytes', at: this.at, width });
    this.write(values);
  }

  integers(name: string, values: Int32Array): void {
    this.align();
    this.columns.push({ name, kind: 'integers', at: this.at });
    this.write(bytesOf(values));
  }

  rowNumbers(name: string): void {
    this.columns.push({ name, kind: 'rowNumbers' });
  }

  finish(rows: number): void {
    this.align();
    const footer = Buffer.from(JSON.stringify({ rows, columns: this.columns } satisfies Footer));
    this.write(footer);
    this.write(bytesOf(Uint32Array.of(footer.length, 0)));
    this.write(magic);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private align(): void {
    const beyond = this.at % alignment;
    if (beyond > 0) this.write(Buffer.alloc(alignment - beyond));
  }

  private write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30));
    }
    this.at += bytes.length;
  }
}

/** The texts of one column on their way into a file. */
export class TextsWriter {
  private readonly piece = new GrowingBytes();
  private readonly offsets = new Growing((length) => new Uint32Array(length));
  private total = 0;

  constructor(
    private readonly write: (bytes: Uint8Array) => void,
    private readonly finish: (offsets: Uint32Array, bytes: number) => void,
  ) {
    this.offsets.append(0);
  }

  append(text: string): void {
    this.total += this.piece.appendText(text);
    if (this.total > maxTextBytes) throw new RangeError(`more than ${maxTextBytes} bytes of text`);
    this.offsets.append(this.total);
    if (this.piece.length >= pieceBytes) this.flush();
  }

  end(): void {
    this.flush();
    this.finish(this.offsets.values(), this.total);
  }

  private flush(): void {
    this.write(this.piece.bytes());
    this.piece.clear();
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
