/** Writes the protocol-buffer wire format: varints, fixed32, fixed64 and length-delimited fields. */
export class ProtobufWriter {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  varint(field: number, value: number | bigint): this {
    return this.raw([...encode(BigInt(field) << 3n), ...encode(BigInt.asUintN(64, BigInt(value)))]);
  }

  float(field: number, value: number): this {
    return this.raw([
      ...encode((BigInt(field) << 3n) | 5n),
      ...new Uint8Array(Float32Array.of(value).buffer),
    ]);
  }

  double(field: number, value: number): this {
    return this.raw([
      ...encode((BigInt(field) << 3n) | 1n),
      ...new Uint8Array(Float64Array.of(value).buffer),
    ]);
  }

  bytes(field: number, value: Uint8Array): this {
    this.raw([...encode((BigInt(field) << 3n) | 2n), ...encode(BigInt(value.length))]);
    return this.append(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytes(field, value.finish());
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.length);
    let offset = 0;
    for (const part of this.parts) {
      all.set(part, offset);
      offset += part.length;
    }
    return all;
  }

  private raw(bytes: readonly number[]): this {
    return this.append(Uint8Array.from(bytes));
  }

  private append(part: Uint8Array): this {
    this.parts.push(part);
    this.length += part.length;
    return this;
  }
}

function encode(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return bytes;
}
