/** One field of a protocol buffer message; each wire type has its own form of value. */
export interface Field {
  readonly number: number;
  readonly bytes?: Buffer;
  /** A varint beyond 2^53 loses its lowest bits. */
  readonly varint?: number;
  readonly float?: number;
}

/** The fields of a message in order. Throws a `RangeError` where the bytes are no message. */
export function* readFields(message: Buffer): Generator<Field> {
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at);
    const number = Math.floor(tag.value / 8);
    const field = readValue(message, tag.end, tag.value % 8, number);
    if (number === 0 || tag.value > 0xffffffff || field.end > message.length) {
      throw new RangeError(`malformed field at byte ${at}`);
    }
    yield field;
    at = field.end;
  }
}

function readValue(message: Buffer, at: number, wireType: number, number: number): Field & { end: number } {
  switch (wireType) {
    case 0: {
      const { value: varint, end } = readVarint(message, at);
      return { number, varint, end };
    }
    case 1:
      return { number, end: at + 8 };
    case 2: {
      const { value: length, end } = readVarint(message, at);
      return { number, bytes: message.subarray(end, end + length), end: end + length };
    }
    case 5:
      return { number, float: message.readFloatLE(at), end: at + 4 };
    default:
      throw new RangeError(`unknown wire type ${wireType} at byte ${at}`);
  }
}

function readVarint(message: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, scale = 1; at < start + 10; at++, scale *= 128) {
    const byte = message.readUInt8(at);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new RangeError(`a varint without an end at byte ${start}`);
}
