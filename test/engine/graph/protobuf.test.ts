import { describe, expect, it } from 'vitest';
import { ProtobufWriter } from '../../../engine/graph/protobuf.js';

const bytes = (writer: ProtobufWriter): number[] => [...writer.finish()];
const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

describe('the wire format', () => {
  it.each<[string, ProtobufWriter, number[]]>([
    // the examples of protobuf's own description of its encoding
    ['field 1, varint 150', new ProtobufWriter().varint(1, 150), [0x08, 0x96, 0x01]],
    [
      'field 2, text "testing"',
      new ProtobufWriter().text(2, 'testing'),
      [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67],
    ],
    [
      'field 3, a message with field 1, varint 150',
      new ProtobufWriter().message(3, new ProtobufWriter().varint(1, 150)),
      [0x1a, 0x03, 0x08, 0x96, 0x01],
    ],
    ['zero', new ProtobufWriter().varint(1, 0), [0x08, 0x00]],
    ['the largest byte of one', new ProtobufWriter().varint(1, 127), [0x08, 0x7f]],
    ['the smallest number of two bytes', new ProtobufWriter().varint(1, 128), [0x08, 0x80, 0x01]],
    ['a negative number, in ten bytes', new ProtobufWriter().varint(1, -1), [0x08, ...minusOne]],
    [
      'a number above 32 bits',
      new ProtobufWriter().varint(1, 2 ** 40),
      [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
    ],
    ['a field above 15', new ProtobufWriter().varint(20, 1), [0xa0, 0x01, 0x01]],
    ['a float', new ProtobufWriter().float(2, 1), [0x15, 0, 0, 0x80, 0x3f]],
    ['empty bytes', new ProtobufWriter().bytes(1, new Uint8Array(0)), [0x0a, 0x00]],
    ['text beyond ASCII', new ProtobufWriter().text(1, 'é'), [0x0a, 0x02, 0xc3, 0xa9]],
  ])('writes %s', (_, writer, expected) => {
    expect(bytes(writer)).toEqual(expected);
  });
});
