import { Growing, GrowingBytes } from '../column-file/growing.js';
import type { Texts } from '../column-file/reader.js';

/** Texts that are kept in memory as they come, as UTF-8: of a table whose file cannot be read yet. */
export class TextMemory implements Texts {
  private readonly bytes = new GrowingBytes();
  private readonly ends = new Growing((length) => new Float64Array(length));

  append(text: string): void {
    this.bytes.appendText(text);
    this.ends.append(this.bytes.length);
  }

  get length(): number {
    return this.ends.length;
  }

  range(first: number, end: number): string[] {
    const ends = this.ends.values();
    return Array.from({ length: end - first }, (_, place) => {
      const row = first + place;
      return this.bytes.text(row === 0 ? 0 : ends[row - 1]!, ends[row]!);
    });
  }

  *lists(rows = 1024): Iterable<string[]> {
    for (let first = 0; first < this.length; first += rows) {
      yield this.range(first, Math.min(first + rows, this.length));
    }
  }
}
