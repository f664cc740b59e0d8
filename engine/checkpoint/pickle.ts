import { InputFault } from '../../errors/fault.js';

/** What a pickle can become here: data only. */
export type PickleValue =
  null | boolean | number | string | PickleTuple | PickleList | PickleDict | PickleGlobal | PickleObject;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

export class PickleList {
  readonly items: PickleValue[] = [];
}

export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();

  /** @param ordered of the class that may have attributes of its own besides */
  constructor(readonly ordered = false) {}
}

/** A name out of the allow-list; it stands for itself until it is called with arguments. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** A value that one of the caller's rules made. */
export class PickleObject {
  constructor(readonly value: object) {}
}

/** What the caller lets a pickle mention. Nothing outside of these rules is ever looked up. */
export interface PickleRules {
  /** Names, `module.attribute`, that may appear; `call` makes the value of a call, or is absent where none is allowed. */
  readonly globals: ReadonlyMap<string, { readonly call?: (args: readonly PickleValue[]) => PickleValue }>;
  /** The value behind a persistent id, such as a storage in the same archive. */
  persistent(id: PickleValue): PickleValue;
}

/**
 * A bound that no checkpoint of weights comes near: a tensor takes some thirty operations. Every operation
 * takes time and memory in proportion to its bytes and to the values it takes off the stack, so that
 * this bounds all of it: stack, memory of values and time.
 */
const maxOperations = 400_000;

const mark = Symbol('mark');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the pickles that `torch.save` writes for dictionaries of tensors (protocols 2 to 5). It is a
 * reader of data, not an unpickler: an opcode or a global outside of the allow-list is refused by
 * name, objects are neither imported nor built, and every step takes bounded time and memory.
 */
export function readPickle(where: string, bytes: Buffer, rules: PickleRules): PickleValue {
  return new PickleReader(where, bytes, rules).read();
}

type Step = (reader: PickleReader) => void;

class PickleReader {
  readonly #where: string;
  readonly #bytes: Buffer;
  readonly #rules: PickleRules;
  readonly #memo = new Map<number, PickleValue>();
  #stack: (PickleValue | typeof mark)[] = [];
  #at = 0;

  constructor(where: string, bytes: Buffer, rules: PickleRules) {
    this.#where = where;
    this.#bytes = bytes;
    this.#rules = rules;
  }

  read(): PickleValue {
    for (let operations = 0; ; operations++) {
      if (operations === maxOperations) throw this.refuse('it takes more operations than weights need');
      const code = this.unsigned(1);
      if (code === stop) return this.#finish();
      const step = steps[code];
      if (step === undefined) {
        throw this.refuse(
          `opcode 0x${code.toString(16).padStart(2, '0')} is not one of those that weights need`,
        );
      }
      step(this);
    }
  }

  push(value: PickleValue | typeof mark): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) throw this.refuse('it takes a value that is not there');
    return value;
  }

  popToMark(): PickleValue[] {
    const from = this.#stack.lastIndexOf(mark);
    if (from < 0) throw this.refuse('it ends a list that it did not begin');
    const values = this.#stack.slice(from + 1) as PickleValue[];
    this.#stack.length = from;
    return values;
  }

  popTuple(length: number): void {
    const items = new Array<PickleValue>(length);
    for (let place = length - 1; place >= 0; place--) items[place] = this.pop();
    this.push(new PickleTuple(items));
  }

  top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (!(list instanceof PickleList)) throw this.refuse('it appends to what is not a list');
    for (const value of values) list.items.push(value);
  }

  setItems(values: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict) || values.length % 2 !== 0) {
      throw this.refuse('it sets items of what is not a dictionary');
    }
    for (let i = 0; i < values.length; i += 2) {
      // torch.save writes no key twice; the value that is lost would be looked at by nobody.
      if (dict.entries.has(values[i] as PickleValue)) throw this.refuse('it sets an item twice');
      dict.entries.set(values[i] as PickleValue, values[i + 1] as PickleValue);
    }
  }

  remember(place: number): void {
    this.#memo.set(place, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(place: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) throw this.refuse('it recalls a value that it did not store');
    this.push(value);
  }

  global(module: string, name: string): void {
    const full = `${module}.${name}`;
    if (!this.#rules.globals.has(full)) {
      throw this.refuse(`it asks for ${JSON.stringify(full.slice(0, 120))}, which weights do not need`);
    }
    this.push(new PickleGlobal(full));
  }

  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof PickleGlobal) || !(args instanceof PickleTuple)) {
      throw this.refuse('it calls what is not a function');
    }
    const rule = this.#rules.globals.get(callee.name);
    if (rule?.call === undefined) throw this.refuse(`it calls ${callee.name}, which is not a function`);
    this.push(rule.call(args.items));
  }

  /** The state of an object: `_metadata` of an ordered dictionary, which weights do without. */
  discardState(): void {
    const state = this.pop();
    const target = this.top();
    const allowed = state instanceof PickleDict && target instanceof PickleDict && target.ordered;
    if (!allowed) throw this.refuse('it sets the state of an object');
  }

  persistent(): void {
    this.push(this.#rules.persistent(this.pop()));
  }

  unsigned(width: 1 | 2 | 4): number {
    return this.#take(width).readUIntLE(0, width);
  }

  signed(): number {
    return this.#take(4).readInt32LE();
  }

  float(): number {
    return this.#take(8).readDoubleBE();
  }

  /** A little-endian two's complement integer, as far as a number holds it exactly. */
  long(): number {
    const width = this.unsigned(1);
    if (width === 0) return 0;
    if (width > 8) throw this.refuse('it has an integer of more than 64 bits');
    const value = BigInt.asIntN(
      width * 8,
      [...this.#take(width)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
    );
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.refuse('it has an integer beyond 2^53');
    return number;
  }

  text(length: number): string {
    try {
      return utf8.decode(this.#take(length));
    } catch (error) {
      throw error instanceof TypeError ? this.refuse('it has a text that is not UTF-8') : error;
    }
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.refuse('it is truncated');
    const text = this.text(end - this.#at);
    this.#at += 1;
    return text;
  }

  skip(length: number): void {
    this.#take(length);
  }

  string(): string {
    const value = this.pop();
    if (typeof value !== 'string') throw this.refuse('it names a global by what is not a string');
    return value;
  }

  refuse(what: string): InputFault {
    return new InputFault({
      where: this.#where,
      what: `the pickle in it is refused: ${what}`,
      found: `at byte ${this.#at}`,
      remedy:
        'Nothing in it was run. Use a checkpoint with model.safetensors, or one from a source you trust.',
    });
  }

  #finish(): PickleValue {
    const value = this.pop();
    if (this.#stack.length > 0) throw this.refuse('values are left over at its end');
    return value;
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw this.refuse('it is truncated');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

const stop = 0x2e;

/** The opcodes that a state dict is written with, by the names of Python's `pickletools`. */
const steps: Readonly<Record<number, Step>> = {
  [0x80]: (r) => r.skip(1), // PROTO
  [0x95]: (r) => r.skip(8), // FRAME
  [0x28]: (r) => r.push(mark), // MARK
  [0x4e]: (r) => r.push(null), // NONE
  [0x88]: (r) => r.push(true), // NEWTRUE
  [0x89]: (r) => r.push(false), // NEWFALSE
  [0x4b]: (r) => r.push(r.unsigned(1)), // BININT1
  [0x4d]: (r) => r.push(r.unsigned(2)), // BININT2
  [0x4a]: (r) => r.push(r.signed()), // BININT
  [0x8a]: (r) => r.push(r.long()), // LONG1
  [0x47]: (r) => r.push(r.float()), // BINFLOAT
  [0x58]: (r) => r.push(r.text(r.unsigned(4))), // BINUNICODE
  [0x8c]: (r) => r.push(r.text(r.unsigned(1))), // SHORT_BINUNICODE
  [0x29]: (r) => r.push(new PickleTuple([])), // EMPTY_TUPLE
  [0x85]: (r) => r.popTuple(1), // TUPLE1
  [0x86]: (r) => r.popTuple(2), // TUPLE2
  [0x87]: (r) => r.popTuple(3), // TUPLE3
  [0x74]: (r) => r.push(new PickleTuple(r.popToMark())), // TUPLE
  [0x5d]: (r) => r.push(new PickleList()), // EMPTY_LIST
  [0x61]: (r) => r.append([r.pop()]), // APPEND
  [0x65]: (r) => r.append(r.popToMark()), // APPENDS
  [0x7d]: (r) => r.push(new PickleDict()), // EMPTY_DICT
  [0x73]: (r) => r.setItems([r.pop(), r.pop()].reverse()), // SETITEM
  [0x75]: (r) => r.setItems(r.popToMark()), // SETITEMS
  [0x71]: (r) => r.remember(r.unsigned(1)), // BINPUT
  [0x72]: (r) => r.remember(r.unsigned(4)), // LONG_BINPUT
  [0x94]: (r) => r.rememberNext(), // MEMOIZE
  [0x68]: (r) => r.recall(r.unsigned(1)), // BINGET
  [0x6a]: (r) => r.recall(r.unsigned(4)), // LONG_BINGET
  [0x63]: (r) => r.global(r.line(), r.line()), // GLOBAL
  [0x93]: (r) => {
    const name = r.string(); // STACK_GLOBAL
    r.global(r.string(), name);
  },
  [0x52]: (r) => r.call(), // REDUCE
  [0x62]: (r) => r.discardState(), // BUILD
  [0x51]: (r) => r.persistent(), // BINPERSID
};
