import { describe, expect, it } from 'vitest';
import type { PickleDict } from '../../../engine/checkpoint/pickle.js';
import { PickleList, PickleTuple, readPickle, type PickleRules } from '../../../engine/checkpoint/pickle.js';
import { torchRules } from '../../../engine/checkpoint/torch-state-dict.js';
import { InputFault } from '../../../errors/fault.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const plain: PickleRules = { globals: new Map(), persistent: (id) => id };
const read = (text: string): unknown => readPickle('model.bin', bytes(text), plain);

describe('a pickle of plain data is read', () => {
  it.each([
    ['a number', '\x80\x02K\x07.', 7],
    ['a negative number', '\x80\x02J\xfe\xff\xff\xff.', -2],
    ['a long', '\x80\x02\x8a\x05\x00\x00\x00\x00\x01.', 2 ** 32],
    ['a negative long', '\x80\x02\x8a\x01\xff.', -1],
    ['an empty long', '\x80\x02\x8a\x00.', 0],
    ['a float', '\x80\x02G\x40\x04\x00\x00\x00\x00\x00\x00.', 2.5],
    ['a string', '\x80\x02X\x02\x00\x00\x00\xc3\xa9.', 'é'],
    ['None', '\x80\x02N.', null],
    ['a memory of a value', '\x80\x02K\x05q\x01h\x01\x86.', new PickleTuple([5, 5])],
    ['a tuple', '\x80\x02K\x01K\x02\x86.', new PickleTuple([1, 2])],
  ])('%s', (_, text, value) => {
    expect(read(text)).toEqual(value);
  });

  it('a list and a dictionary', () => {
    const list = read(']\x28K\x01K\x02e.') as PickleList;
    expect(list.items).toEqual([1, 2]);
    const dict = read('}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00bK\x02u.') as PickleDict;
    expect([...dict.entries]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });
});

describe('a hostile pickle is refused, and nothing of it runs:', () => {
  /** A tensor of one number of that storage type, and what follows its strides. */
  const view = (type: string, rest: string): string =>
    `ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n${type}Storage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00K\x01\x85K\x01\x85${rest}tR.`;
  it.each(['Float', 'Int'])('a tensor of %s without these is not', (type) => {
    const run = (): unknown => readPickle('model.bin', bytes(view(type, '\x89}')), torchRules('model.bin'));
    expect(run).not.toThrow();
  });
  const long = (count: number, text: string): string => text.repeat(count);
  it.each([
    ['os.system', 'cos\nsystem\n(X\x02\x00\x00\x00idtR.', /"os\.system"/],
    ['posix.system by its protocol 4 name', '\x80\x04\x8c\x05posix\x8c\x06system\x93.', /"posix\.system"/],
    ['builtins.eval', 'cbuiltins\neval\n(X\x01\x00\x00\x001tR.', /"builtins\.eval"/],
    ['builtins.getattr', 'cbuiltins\ngetattr\n.', /"builtins\.getattr"/],
    ['an attribute of an allowed module', 'ctorch\nload\n.', /"torch\.load"/],
    [
      'a dotted attribute of an allowed name',
      'ccollections\nOrderedDict.fromkeys\n.',
      /OrderedDict\.fromkeys/,
    ],
    ['a name of the prototype', 'c__proto__\nconstructor\n.', /"__proto__\.constructor"/],
    ['a very long global', `c${long(10_000, 'a')}\nb\n.`, /it asks for "a{120}"/],
    ['a storage type that is called', 'ctorch\nFloatStorage\n)R.', /which is not a function/],
    ['a value that is called', 'K\x01)R.', /not a function/],
    ['INST', '(ios\nsystem\n.', /opcode 0x69/],
    ['OBJ', '(cos\nsystem\no.', /opcode|os\.system/],
    ['NEWOBJ', 'ccollections\nOrderedDict\n)\x81.', /opcode 0x81/],
    ['EXT1', '\x82\x01.', /opcode 0x82/],
    ['a persistent id as text', 'P0\n.', /opcode 0x50/],
    ['an unknown opcode', '\xff.', /opcode 0xff/],
    ['the state of an object', 'ccollections\nOrderedDict\n}b.', /state of an object/],
    ['arguments for an ordered dictionary', 'ccollections\nOrderedDict\n]\x85R.', /with arguments/],
    ['a tensor of nothing', 'ctorch._utils\n_rebuild_tensor_v2\n)R.', /tensor is not described/],
    ['a parameter of nothing', 'ctorch._utils\n_rebuild_parameter\n)R.', /no tensor/],
    ['a storage of nothing', ')Q.', /storage is not described/],
    ['a gradient of whole numbers', view('Int', '\x88}'), /not described/],
    ['a hook', view('Float', '\x89N}K\x01K\x01s'), /not described/],
    ['another sign in its metadata', view('Float', '\x89}}X\x03\x00\x00\x00neg\x88s'), /not described/],
    ['nothing at all', '', /truncated/],
    ['no end', '\x80\x02K\x01', /truncated/],
    ['a string longer than the file', 'X\xff\xff\xff\xffa.', /truncated/],
    ['a global without an end', 'cos', /truncated/],
    ['a huge integer', `\x8a\xff${long(255, '\x01')}.`, /more than 64 bits/],
    ['an integer beyond 2^53', `\x8a\x08${long(7, '\xff')}\x7f.`, /beyond 2\^53/],
    ['a stack that runs empty', 'K\x01\x86.', /not there/],
    ['a value thrown away, which torch refuses too', 'K\x01K\x020.', /opcode 0x30/],
    ['a text that is not UTF-8', 'X\x01\x00\x00\x00\xff.', /not UTF-8/],
    ['the state of a plain dictionary', '}}b.', /state of an object/],
    ['a state that is no dictionary', 'ccollections\nOrderedDict\n)RK\x01b.', /state of an object/],
    ['a mark taken for a value', '(.', /not there/],
    ['a tuple that nothing began', 'K\x01t.', /did not begin/],
    ['a memory never stored', 'h\x07.', /did not store/],
    ['items of a list', ']K\x01K\x02s.', /not a dictionary/],
    ['an item set twice', '}(K\x01K\x02K\x01K\x03u.', /an item twice/],
    ['an item set again later', '}K\x01K\x02sK\x01K\x03s.', /an item twice/],
    ['a key without a value', '}(K\x01u.', /not a dictionary/],
    ['items appended to a number', 'K\x01K\x02a.', /not a list/],
    ['values left over', 'K\x01K\x02.', /left over/],
    ['a million nested marks', `${long(1_000_001, '(')}.`, /more operations/],
    ['eight million tuples in each other', `N${long(8_000_000, '\x85')}.`, /more operations/],
    [
      'a tuple of many numbers as the shape of many tensors',
      `(${long(200_000, 'K\x01')}tq\x01${long(20_000, 'ctorch._utils\n_rebuild_tensor_v2\n(NK\x00h\x01h\x01\x89}tR')}.`,
      /not described/,
    ],
  ])('%s', (_, text, message) => {
    const run = (): unknown => readPickle('model.bin', bytes(text), torchRules('model.bin'));
    expect(run).toThrow(InputFault);
    expect(run).toThrow(message);
  });

  it('deep nesting is data as any other, and takes no recursion', () => {
    expect(read(`${long(150_000, ']')}${long(149_999, 'a')}.`)).toBeInstanceOf(PickleList);
  });
});
