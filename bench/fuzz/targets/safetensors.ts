import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '../../../engine/checkpoint/safetensors.js';
import type { Dice } from '../../dice.js';
import { integer, mutateBytes, mutateJson, mutateText, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';
import { readAll } from '../understood-weights.js';

const widths = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 };
const formats = Object.keys(widths) as (keyof typeof widths)[];

interface Entry {
  readonly name: string;
  readonly dtype: keyof typeof widths;
  readonly shape: readonly number[];
}

function tensors(dice: Dice): Entry[] {
  return Array.from({ length: integer(dice, 0, 6) }, (_, i) => ({
    name: dice.between(0, 1) < 0.1 ? oddText(dice) : `layer.${i}.weight`,
    dtype: dice.one(formats) ?? 'F32',
    shape: Array.from({ length: integer(dice, 0, 4) }, () => integer(dice, 0, 5)),
  }));
}

/** The header as text, entry by entry, so that names may come twice, and the bytes of data that it needs. */
function header(dice: Dice, entries: readonly Entry[]): { readonly text: string; readonly bytes: number } {
  let end = 0;
  const parts = entries.map(({ name, dtype, shape }) => {
    const begin = end;
    end += shape.reduce((product, extent) => product * extent, widths[dtype]);
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`;
  });
  if (dice.between(0, 1) < 0.3) parts.unshift(`"__metadata__":${JSON.stringify(metadata(dice))}`);
  if (dice.between(0, 1) < 0.1) parts.push(dice.one(parts) ?? '"a":null');
  return { text: `{${parts.join(',')}}`, bytes: end };
}

function metadata(dice: Dice): unknown {
  return dice.one([{ format: 'pt' }, {}, { [oddText(dice)]: oddText(dice) }, { a: 1 }, null, [], 'pt']);
}

/** What JSON lets vary: spaces, the way a number is written, escapes. */
function respelled(dice: Dice, text: string): string {
  const changes: readonly (readonly [string | RegExp, string])[] = [
    [':', ' :\n'],
    [/\d+(?=[\],])/, '$&.0'],
    [/\d+(?=[\],])/, '$&e0'],
    [/\d+(?=[\],])/, '0$&'],
    [/\d+(?=[\],])/, '-$&'],
    [/\d+(?=[\],])/, '"$&"'],
    ['layer', '\\u006cayer'],
    ['layer', '\\ud83d'],
    ['{', '{"dtype":"F32",'],
    ['{', '{"other":[1,{}],'],
    ['}', '} '],
    ['{', '{,'],
    ['F32', 'f32'],
    ['F32', 'F8_E4M3'],
  ];
  const [from, to] = dice.one(changes) ?? ['', ''];
  return text.replace(from, to);
}

function assemble(text: string, dataBytes: number, claimed = Buffer.byteLength(text)): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt.asUintN(64, BigInt(claimed)));
  const data = Buffer.from(Uint8Array.from({ length: dataBytes }, (_, i) => (i * 37) & 0x7f));
  return Buffer.concat([length, Buffer.from(text), data]);
}

/** A file of weights in the format of the safetensors library. */
export const safetensors: FuzzTarget = {
  name: 'safetensors',
  reads: 'model.safetensors',
  extension: '.safetensors',
  make(dice) {
    const { text, bytes } = header(dice, tensors(dice));
    switch (
      dice.one(['sound', 'respelled', 'text', 'json', 'bytes', 'data', 'length', 'repeated'] as const)
    ) {
      case 'respelled':
        return assemble(respelled(dice, text), bytes);
      case 'text':
        return assemble(mutateText(dice, text), bytes);
      case 'json':
        return assemble(JSON.stringify(mutateJson(dice, JSON.parse(text))), bytes);
      case 'bytes':
        return mutateBytes(dice, assemble(text, bytes));
      case 'data':
        return assemble(text, Math.max(0, bytes + integer(dice, -3, 4)));
      case 'length':
        return assemble(text, bytes, dice.one([0, -1, 2 ** 40, text.length - 1, text.length + 1]));
      case 'repeated':
        return assemble(text + ' '.repeat(integer(dice, 0, 9)), bytes);
      default:
        return assemble(text, bytes);
    }
  },
  async run(input, scratch) {
    const path = join(scratch, 'model.safetensors');
    writeFileSync(path, input);
    return readAll(await openSafetensors(path));
  },
};
