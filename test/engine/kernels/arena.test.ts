import { describe, expect, it } from 'vitest';
import { Arena } from '../../../engine/kernels/arena.js';

describe('an arena', () => {
  it('gives zeros aligned to 64 bytes that do not overlap', () => {
    const arena = Arena.create(Arena.bytesFor(1) + Arena.bytesFor(17) + Arena.bytesFor(0));
    const [a, b, c] = [arena.allocate(1), arena.allocate(17), arena.allocate(0)];
    expect([a.byteOffset % 64, b.byteOffset % 64, c.byteOffset % 64]).toEqual([0, 0, 0]);
    expect(b.byteOffset).toBe(a.byteOffset + 64);
    expect(c.byteOffset).toBe(b.byteOffset + 128);
    expect([...a, ...b].every((value) => value === 0)).toBe(true);
  });

  it('says how much is left when it is used up', () => {
    const arena = Arena.create(1);
    const left = arena.memory.buffer.byteLength - arena.allocate(0).byteOffset;
    arena.allocate(left / 4);
    expect(() => arena.allocate(1)).toThrow('arena: it is used up; found 0 bytes left; expected 4 bytes');
  });

  it('is refused above 4 GiB', () => {
    expect(() => Arena.create(2 ** 32)).toThrow(/it is too large; found 4294967296 bytes/);
  });
});
