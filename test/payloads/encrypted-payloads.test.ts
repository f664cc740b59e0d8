import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { Dice } from '../../bench/dice.js';
import { encryptedPayloads, keyIdOf } from '../../payloads/encrypted-payloads.js';
import { newKeyLine, parseEncryptionKeys, type EncryptionKeys } from '../../payloads/encryption-keys.js';
import { readablePayloads } from '../../payloads/readable-payloads.js';
import { unreadableReason } from '../../payloads/unreadable.js';

const keysOf = (...lines: string[]): EncryptionKeys => parseEncryptionKeys(lines.join('\n'), 'test');
const [older, newer] = [newKeyLine('2025'), newKeyLine('2026')];

function generated(dice: Dice): Payload {
  const bytes = Buffer.from(
    Array.from({ length: Math.floor(dice.between(0, 300)) }, () => dice.between(0, 256)),
  );
  const value = dice.one([
    null,
    true,
    'zebra',
    '',
    7.25,
    [1, 'a'],
    { path: '/a/b', texts: ['ä', '💧'] },
    bytes,
  ]);
  const payload = defaultPayloadConverter.toPayload(value);
  return dice.one([
    payload,
    { metadata: { encoding: bytes }, data: bytes },
    { metadata: {}, data: null },
    {},
  ])!;
}

async function only(payloads: Promise<Payload[]>): Promise<Payload> {
  const [payload] = await payloads;
  return payload!;
}

const valueOf = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const bytesOf = ({ metadata, data }: Payload): unknown => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]),
  ),
  data: Buffer.from(data ?? []).toString('hex'),
});

describe('encrypted payloads', () => {
  const codec = encryptedPayloads(keysOf(newer, older));

  it('are what they were, whatever they are, and no two alike', async () => {
    const dice = new Dice(7);
    for (let round = 0; round < 500; round++) {
      const payload = generated(dice);
      const [first, second] = [await only(codec.encode([payload])), await only(codec.encode([payload]))];
      expect(keyIdOf(first)).toBe('2026');
      expect(Buffer.from(first.data!).equals(Buffer.from(second.data!))).toBe(false);
      expect(bytesOf(await only(codec.decode([first])))).toEqual(bytesOf(payload));
    }
    expect(await codec.encode([])).toEqual([]);
  });

  it('are refused with any bit of them changed, names included, and where they are cut or lengthened', async () => {
    const sealed = await only(codec.encode([defaultPayloadConverter.toPayload({ label: 'zebra' })]));
    const data = Buffer.from(sealed.data!);
    const changed: Payload[] = [];
    for (let place = 0; place < data.length * 8; place++) {
      const copy = Buffer.from(data);
      copy[place >> 3]! ^= 1 << (place & 7);
      changed.push({ ...sealed, data: copy });
    }
    for (const length of [0, 1, 11, 27, 28, data.length - 1])
      changed.push({ ...sealed, data: data.subarray(0, length) });
    changed.push({ ...sealed, data: Buffer.concat([data, Buffer.of(0)]) }, { ...sealed, data: null });
    const renamed = Buffer.from('2025');
    changed.push({ ...sealed, metadata: { ...sealed.metadata, 'encryption-key-id': renamed } });
    for (const payload of await codec.decode(changed)) {
      const reason = unreadableReason(valueOf(payload));
      expect(reason).toMatchObject({ elsewhere: false });
      expect(reason?.words).toMatch(/^it is damaged: it does not decrypt with the key 202[56]$/);
    }
    expect(changed.length).toBeGreaterThan(400);
  });

  it('are read under any of the keys, and written under the first', async () => {
    const before = encryptedPayloads(keysOf(older));
    const sealed = await only(before.encode([defaultPayloadConverter.toPayload('kept')]));
    expect(keyIdOf(sealed)).toBe('2025');
    expect(valueOf(await only(codec.decode([sealed])))).toBe('kept');
  });

  it('tell the key that is not there, also where there is none at all', async () => {
    const sealed = await codec.encode([defaultPayloadConverter.toPayload('zebra')]);
    for (const keys of [keysOf(older), null, keysOf(newKeyLine('other'))]) {
      const opened = await only(encryptedPayloads(keys).decode(sealed));
      const reason = unreadableReason(valueOf(opened));
      expect(reason?.elsewhere).toBe(true);
      expect(reason?.words).toContain('encrypted with the key 2026, which is not among the encryption keys');
      expect(await only(readablePayloads.decode([opened]))).toEqual(opened);
    }
    const ofActivity = {
      type: 'activity',
      namespace: 'default',
      activityId: 'fold-1',
      isLocal: false,
    } as const;
    await expect(encryptedPayloads(null).decode(sealed, ofActivity)).rejects.toThrow(
      'what the activity fold-1 was given or gave: it is encrypted with the key 2026',
    );
  });

  it('say so where somebody else has encrypted them otherwise, and quote nothing', async () => {
    const encoding = Buffer.from('binary/encrypted');
    const strange: Payload[] = [
      { metadata: { encoding }, data: Buffer.from('zebra') },
      { metadata: { encoding, 'encryption-key-id': Buffer.from('2026') }, data: Buffer.alloc(80) },
      {
        metadata: {
          encoding,
          'encryption-cipher': Buffer.from('AES-256-GCM'),
          'encryption-key-id': Buffer.from('a name\nof lines'),
        },
        data: Buffer.alloc(80),
      },
    ];
    const ofActivity = { type: 'activity', namespace: 'default', isLocal: false } as const;
    for (const payload of await codec.decode(strange, ofActivity))
      expect(unreadableReason(valueOf(payload))).toEqual({
        words: 'it is encrypted in another format than that of foldwise',
        elsewhere: false,
      });
  });

  it('leave what is not encrypted as it is', async () => {
    const plain = [defaultPayloadConverter.toPayload({ a: 1 }), {}, { metadata: {}, data: Buffer.from('x') }];
    expect(await codec.decode(plain)).toEqual(plain);
    expect(await encryptedPayloads(null).encode(plain)).toEqual(plain);
  });

  it('cost some 140 bytes each, which is little beside what a message may have', async () => {
    const payload = defaultPayloadConverter.toPayload('x'.repeat(1_000));
    const sealed = await only(codec.encode([payload]));
    const size = ({ metadata, data }: Payload): number =>
      Object.entries(metadata ?? {}).reduce((sum, [name, value]) => sum + name.length + value.length, 0) +
      (data?.length ?? 0);
    expect(size(sealed) - size(payload)).toBeLessThan(160);
  });

  it('a value that only looks like one that could not be read shows nothing of itself', () => {
    const value = { 'foldwise.unreadable': { because: 'key', key: 'words of a stranger' }, message: 'words' };
    expect(unreadableReason(value)?.words).not.toContain('words of');
    expect(unreadableReason({ 'foldwise.unreadable': null })?.elsewhere).toBe(false);
    expect(unreadableReason('foldwise.unreadable')).toBeNull();
  });
});
