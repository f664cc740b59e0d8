import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Server } from '../../serving/server.js';
import { answerTo, ask, listen, PlainScorer, post, predict, Raw } from './served.js';

/** What the memory of this process, which is client and server, may grow by under any of it. */
const mostGrowth = 160 << 20;

let before = 0;
let server: Server;
let scorer: PlainScorer;

beforeEach(async () => {
  scorer = new PlainScorer();
  server = await listen({ scorer, limits: { headersMs: 1_000, requestMs: 2_000, keepAliveMs: 60_000 } });
  // What the first request costs is no growth.
  await predict(server, { texts: ['warm'] });
  before = process.memoryUsage.rss();
});

/** Whatever came before: it answers rightly, and has let go of what was sent. */
afterEach(async () => {
  const texts = ['still', 'here'];
  expect((await predict(server, { texts })).body).toEqual(answerTo(texts));
  expect(process.memoryUsage.rss() - before).toBeLessThan(mostGrowth);
});

const head = (more: readonly string[]): string =>
  ['POST /v1/predict HTTP/1.1', 'Host: x', 'Content-Type: application/json', ...more, '', ''].join('\r\n');

/** Writes a block again and again for as long as anybody takes it. @returns bytes that were taken */
async function flood(raw: Raw, block: Buffer, most: number): Promise<number> {
  let sent = 0;
  let open = true;
  void raw.closed.then(() => (open = false));
  while (open && raw.socket.writable && sent < most) {
    sent += block.length;
    if (!raw.socket.write(block))
      await Promise.race([new Promise((resolve) => raw.socket.once('drain', resolve)), raw.closed]);
  }
  return sent;
}

const gigabyte = 2 ** 30;
const block = Buffer.alloc(256 << 10, 'a');

describe('a body of a gigabyte', () => {
  it('that is announced is refused before it is sent', async () => {
    const raw = await Raw.open(server);
    raw.write(head([`Content-Length: ${gigabyte}`]));
    await raw.until(({ statuses }) => statuses.length > 0);
    expect(raw.statuses).toEqual([413]);
    expect(raw.text).toContain('"what":"it is too large"');
    await raw.closed;
  });

  it('that waits to be told to go on is told no', async () => {
    const raw = await Raw.open(server);
    raw.write(head([`Content-Length: ${gigabyte}`, 'Expect: 100-continue']));
    await raw.until(({ statuses }) => statuses.length > 0);
    expect(raw.statuses).toEqual([413]);
    await raw.closed;
  });

  it('that is sent all the same ends soon, and its sender is told', async () => {
    const raw = await Raw.open(server);
    raw.write(head([`Content-Length: ${gigabyte}`]));
    const sent = await flood(raw, block, gigabyte);
    await raw.closed;
    expect(raw.statuses).toEqual([413]);
    expect(sent).toBeLessThan(gigabyte / 4);
  });

  it('in chunks is refused once it is too large', async () => {
    const raw = await Raw.open(server);
    raw.write(head(['Transfer-Encoding: chunked']));
    const chunk = Buffer.concat([
      Buffer.from(`${block.length.toString(16)}\r\n`),
      block,
      Buffer.from('\r\n'),
    ]);
    const sent = await flood(raw, chunk, gigabyte);
    await raw.closed;
    expect(raw.statuses).toEqual([413]);
    expect(sent).toBeLessThan(gigabyte / 4);
  });
});

describe('many at once', () => {
  it('of texts: a million tiny ones are too many, whatever their place', async () => {
    const million = `{"texts": [${Array(1_000_000).fill('""').join(',')}]}`;
    expect((await ask(server, '/v1/predict', { body: million })).status).toBe(413);
    const wide = await listen({ limits: { bodyBytes: 8 << 20 } });
    const { status, body } = await ask(wide, '/v1/predict', { body: million });
    expect([status, body]).toMatchObject([413, { error: { where: 'texts', found: '1000000' } }]);
    expect(scorer.batches).toHaveLength(1);
  });

  it('of bodies: no more are held than may be', async () => {
    const narrow = await listen({ limits: { bodyBytes: 1 << 20, bodiesBytes: 4 << 20, requestMs: 20_000 } });
    const half = Buffer.alloc(900 << 10, ' ');
    const raws = await Promise.all(Array.from({ length: 20 }, () => Raw.open(narrow)));
    for (const raw of raws) raw.write(Buffer.concat([Buffer.from(head(['Content-Length: 1000000'])), half]));
    await expect
      .poll(() => raws.filter(({ statuses }) => statuses[0] === 429).length, { timeout: 20_000 })
      .toBeGreaterThan(10);
    for (const raw of raws) raw.socket.destroy();
    await expect.poll(async () => (await predict(narrow, { texts: ['a'] })).status).toBe(200);
  });

  it('of names: an object of huge ones is refused, and none repeated', async () => {
    const name = 'k'.repeat(1_000_000);
    const { status, text } = await ask(server, '/v1/predict', { body: `{"${name}": 1}` });
    expect([status, text.length < 1_000]).toEqual([422, true]);
    const names = Array.from({ length: 100_000 }, (_, i) => `"${i}":0`).join(',');
    expect((await ask(server, '/v1/predict', { body: `{${names}}` })).status).toBe(422);
  });

  it('of connections: a thousand that say nothing leave room, and are ended', async () => {
    const idle = await Promise.all(Array.from({ length: 1_000 }, () => Raw.open(server)));
    expect((await predict(server, { texts: ['among them'] })).body).toEqual(answerTo(['among them']));
    await Promise.all(idle.map(({ closed }) => closed));
  });

  it('of connections: those beyond the limit are closed', async () => {
    const few = await listen({ limits: { connections: 3 } });
    const raws = await Promise.all(Array.from({ length: 6 }, () => Raw.open(few)));
    let ended = 0;
    for (const { closed } of raws) void closed.then(() => (ended += 1));
    await expect.poll(() => ended).toBe(3);
    for (const raw of raws) raw.socket.destroy();
    await expect.poll(async () => (await predict(few, { texts: ['a'] }).catch(() => null))?.status).toBe(200);
  });

  it('of requests in one connection are answered in their order', async () => {
    const raw = await Raw.open(server);
    const texts = Array.from({ length: 200 }, (_, i) => `text ${i}`);
    raw.write(texts.map((text) => post(JSON.stringify({ texts: [text] }))).join(''));
    await raw.until(({ statuses }) => statuses.length === texts.length);
    const bodies = raw.text.match(/^\{"ensemble".*$/gm) ?? [];
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual(texts.map((text) => answerTo([text])));
    raw.socket.destroy();
  });

  it('of requests that are never read are not held without end', async () => {
    const raw = await Raw.open(server);
    raw.socket.pause();
    const requests = Buffer.from(post('{"texts": ["a"]}').repeat(1_000));
    const sent = await Promise.race([
      flood(raw, requests, gigabyte),
      new Promise((resolve) => setTimeout(resolve, 3_000)),
    ]);
    expect(sent).toBeUndefined();
    raw.socket.destroy();
  });
});

describe('a sender that takes its time', () => {
  it.each([
    ['over its head', 'POST /v1/predict HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['over its body', `${head(['Content-Length: 1000'])}{"texts": ["`],
    ['over its chunks', `${head(['Transfer-Encoding: chunked'])}5\r\n{"tex\r\n`],
    ['before the body', head(['Content-Length: 1000'])],
  ])('%s is told so', async (_, begin) => {
    const raw = await Raw.open(server);
    raw.write(begin);
    const drip = setInterval(() => raw.write(begin.includes('chunked') ? '1\r\na\r\n' : 'a'), 100);
    await raw.until(({ statuses }) => statuses.length > 0);
    clearInterval(drip);
    expect(raw.statuses).toEqual([408]);
    expect(raw.text).toContain('"what":"it did not come in time"');
    await raw.closed;
  });
});

describe('a sender that leaves', () => {
  it('midway of its body is forgotten', async () => {
    for (let i = 0; i < 50; i++) {
      const raw = await Raw.open(server);
      raw.write(`${head(['Content-Length: 1000'])}{"texts": ["`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      raw.socket.destroy();
    }
    await expect
      .poll(async () => (await ask(server, '/metrics')).text, { timeout: 10_000 })
      .toContain('foldwise_connections 1\n');
  });

  it.each(['closes', 'resets', 'half-closes'])(
    'while its texts wait (it %s) has them dropped',
    async (how) => {
      let release = (): void => undefined;
      scorer.before = () => new Promise((resolve) => (release = resolve));
      const first = predict(server, { texts: ['held'] });
      await expect.poll(() => scorer.batches.flat()).toContain('held');
      const raw = await Raw.open(server);
      raw.write(post('{"texts": ["left 1", "left 2"]}'));
      await expect
        .poll(async () => (await ask(server, '/metrics')).text)
        .toContain('foldwise_queue_texts 2\n');
      if (how === 'closes') raw.socket.destroy();
      else if (how === 'resets') raw.socket.resetAndDestroy();
      else raw.socket.end();
      await expect
        .poll(async () => (await ask(server, '/metrics')).text)
        .toContain('foldwise_dropped_texts_total 2\n');
      scorer.before = () => Promise.resolve();
      release();
      expect((await first).body).toEqual(answerTo(['held']));
      expect(scorer.batches.flat()).not.toContain('left 1');
      await raw.closed;
    },
  );

  it('with half a body and a closed side is ended', async () => {
    const raw = await Raw.open(server);
    raw.socket.end(`${head(['Content-Length: 1000'])}{"texts": ["`);
    await raw.closed;
    expect(raw.statuses.every((status) => status === 400)).toBe(true);
  });
});

describe('what is no request', () => {
  it.each([
    ['garbage', 'nonsense\r\n\r\n', 400],
    ['a greeting of TLS', Buffer.from('16030100c8010000c40303', 'hex'), 400],
    ['a head that is too large', `GET /health HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['a path that is too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['two lengths', `${head(['Content-Length: 2', 'Content-Length: 3'])}{}`, 400],
    ['a length and chunks', `${head(['Content-Length: 2', 'Transfer-Encoding: chunked'])}0\r\n\r\n`, 400],
    ['a length that is none', `${head(['Content-Length: -1'])}{}`, 400],
    ['a length of many digits', `${head([`Content-Length: ${'9'.repeat(40)}`])}{}`, 400],
    ['chunks that are none', `${head(['Transfer-Encoding: chunked'])}zz\r\n{}\r\n`, 400],
    ['a chunk of a negative length', `${head(['Transfer-Encoding: chunked'])}-5\r\n{}\r\n`, 400],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['a broken header', 'GET /health HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n', 400],
  ])('is answered as such: %s', async (_, bytes, status) => {
    const raw = await Raw.open(server);
    raw.write(bytes);
    await raw.until(({ statuses }) => statuses.length > 0);
    expect(raw.statuses).toEqual([status]);
    await raw.closed;
  });

  it('a body shorter than it says waits for the rest; one that is longer is another request', async () => {
    const raw = await Raw.open(server);
    const body = '{"texts": ["a"]}';
    raw.write(`${head([`Content-Length: ${body.length}`])}${body}and more\r\n\r\n`);
    await raw.until(({ statuses }) => statuses.length === 2);
    expect(raw.statuses).toEqual([200, 400]);
    await raw.closed;
  });
});
