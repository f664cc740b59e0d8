/** Bytes that are appended to, doubling their room as they need it. */
export class GrowingBytes {
  #room = Buffer.allocUnsafe(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(byte: number): void {
    this.#require(1);
    this.#room[this.#length++] = byte;
  }

  /** Appends a text as UTF-8; returns its bytes. */
  appendText(text: string): number {
    // No UTF-16 code unit takes more than three bytes.
    this.#require(text.length * 3);
    const bytes = this.#room.write(text, this.#length);
    this.#length += bytes;
    return bytes;
  }

  /** What was appended; valid until the next append. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#room.buffer, this.#room.byteOffset, this.#length);
  }

  /** The text between two places. */
  text(start: number, end: number): string {
    return this.#room.toString('utf8', start, end);
  }

  clear(): void {
    this.#length = 0;
  }

  #require(more: number): void {
    if (this.#length + more <= this.#room.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#length + more, this.#room.length * 2));
    this.#room.copy(larger, 0, 0, this.#length);
    this.#room = larger;
  }
}

type Numbers = Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Numbers that are appended to. */
export class Growing<T extends Numbers> {
  #values: T;
  #length = 0;

  constructor(private readonly make: (length: number) => T) {
    this.#values = make(1 << 10);
  }

  get length(): number {
    return this.#length;
  }

  append(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = this.make(this.#length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** What was appended; valid until the next append. */
  values(): T {
    return this.#values.subarray(0, this.#length) as T;
  }
}
