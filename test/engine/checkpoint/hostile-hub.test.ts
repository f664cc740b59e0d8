import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { resolveModel } from '../../../engine/checkpoint/hub.js';
import { HubConnection, type Patience } from '../../../engine/checkpoint/hub-connection.js';
import { EnvironmentFault, Fault, InputFault } from '../../../errors/fault.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const token = 'hf_secret';
const commit = 'a'.repeat(40);
const name = 'owner/model';
const quick: Patience = {
  idleMs: 1_000,
  answerMs: 3_000,
  fileMs: 3_000,
  bytesPerSecond: 50_000,
  retryMs: 1,
  longestWaitMs: 2_000,
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server and what was asked of it, each with the token that came along. */
async function serve(handler: Handler): Promise<{ url: string; asked: string[]; bytes: () => number }> {
  const asked: string[] = [];
  let written = 0;
  const server = createServer((request, response) => {
    asked.push(`${request.url ?? ''} ${request.headers.authorization ?? 'no token'}`);
    response.on('close', () => (written += response.socket?.bytesWritten ?? 0));
    response.on('error', () => undefined);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, bytes: () => written };
}

const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));
};

const entry = (path: string, size = 2): object => ({ type: 'file', path, size });
const whole = [entry('config.json'), entry('vocab.txt'), entry('model.safetensors')];

/** A hub that answers as it should but for what `odd` answers itself, by the kind of request. */
const hub =
  (odd: Partial<Record<'commit' | 'tree' | 'file', Handler>>): Handler =>
  (request, response) => {
    const url = request.url ?? '';
    const kind = url.includes('/revision/') ? 'commit' : url.includes('/tree/') ? 'tree' : 'file';
    const usual: Record<typeof kind, Handler> = {
      commit: (_, answer) => json(answer, { sha: commit }),
      tree: (_, answer) => json(answer, whole),
      file: (_, answer) => void answer.end('{}'),
    };
    (odd[kind] ?? usual[kind])(request, response);
  };

function ask(endpoint: string, cacheDirectory = mkdtempSync(join(tmpdir(), 'hub-'))) {
  const options = { baseDirectory: cacheDirectory, cacheDirectory, endpoint, token, patience: quick };
  return resolveModel(name, options);
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('no failure'),
    (error: unknown) => error as Error,
  );
}

/** Sends a piece for ever, as fast as it is taken or every so many milliseconds. */
function endless(response: ServerResponse, piece: string | Buffer, everyMs = 0): void {
  const send = (): void => {
    if (response.destroyed) return;
    if (everyMs > 0) {
      response.write(piece);
      setTimeout(send, everyMs);
    } else if (response.write(piece)) setImmediate(send);
    else response.once('drain', send);
  };
  send();
}

describe('the token goes to the endpoint alone', () => {
  it.each<[string, 'commit' | 'tree' | 'file', (url: string) => Handler]>([
    [
      'not along a redirect of the interface',
      'commit',
      (url) => (_, response) => response.writeHead(307, { Location: `${url}/elsewhere` }).end(),
    ],
    [
      'not along a redirect that looks like that of a content network',
      'file',
      (url) => (_, response) =>
        response
          .writeHead(302, { Location: `${url}/cdn`, 'X-Cache': 'Hit from cloudfront', ETag: '"a"' })
          .end(),
    ],
    [
      'not along a chain of redirects that comes back',
      'file',
      (url) => (request, response) =>
        request.url?.endsWith('back') === true
          ? response.end('{}')
          : response.writeHead(302, { Location: `${url}/chain` }).end(),
    ],
  ])('%s', async (_, kind, odd) => {
    let home = '';
    const other = await serve((request, response) => {
      if (request.url === '/chain') response.writeHead(302, { Location: `${home}/x/back` }).end();
      else if (request.url === '/elsewhere') json(response, { sha: commit });
      else response.writeHead(200, { 'X-Cache': 'Hit from cloudfront', ETag: '"a"' }).end('{}');
    });
    const server = await serve(hub({ [kind]: odd(other.url) }));
    home = server.url;
    const { files } = await ask(server.url);
    expect(files).toContain('model.safetensors');
    expect(other.asked.length).toBeGreaterThan(0);
    expect(other.asked.filter((line) => !line.endsWith('no token'))).toEqual([]);
    expect(server.asked.filter((line) => !line.endsWith(`Bearer ${token}`))).toEqual([]);
  });

  it('and a list that goes on at another host is refused', async () => {
    const other = await serve((_, response) => json(response, []));
    const server = await serve(
      hub({ tree: (_, response) => json(response, whole, { Link: `<${other.url}/page>; rel="next"` }) }),
    );
    const failure = await failureOf(ask(server.url));
    expect(failure).toBeInstanceOf(EnvironmentFault);
    expect(failure.message).toMatch(/goes on at another host/);
    expect(other.asked).toEqual([]);
  });

  it('and a list that goes on at the hub is read to its end', async () => {
    const server = await serve(
      hub({
        tree: (request, response) =>
          request.url?.includes('page=2') === true
            ? json(response, whole.slice(1))
            : json(response, whole.slice(0, 1), { Link: '</api/models/tree/x?page=2>; rel="next"' }),
      }),
    );
    expect((await ask(server.url)).files).toEqual(['config.json', 'model.safetensors', 'vocab.txt']);
  });
});

it.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
] as const)('an answer in %s is read, although nobody asked for it', async (encoding, compress) => {
  const packed = (response: ServerResponse, value: unknown): void =>
    void response.writeHead(200, { 'Content-Encoding': encoding }).end(compress(JSON.stringify(value)));
  const server = await serve(
    hub({
      commit: (_, response) => packed(response, { sha: commit }),
      file: (_, response) => packed(response, {}),
    }),
  );
  expect((await ask(server.url)).files).toContain('config.json');
});

describe('a hub that', () => {
  const bomb = gzipSync(Buffer.alloc(100 << 20));
  const brotliBomb = brotliCompressSync(Buffer.alloc(32 << 20), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
  });

  it.each<[string, Parameters<typeof hub>[0], RegExp]>([
    [
      'sends JSON without end',
      { commit: (_, r) => endless(r, '['.repeat(65_536)) },
      /more than 4194304 bytes/,
    ],
    [
      'sends a bomb of gzip',
      {
        commit: (_, r) => void r.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb),
      },
      /more than 4194304 bytes/,
    ],
    [
      'sends a bomb of brotli',
      {
        commit: (_, r) => void r.writeHead(200, { 'Content-Encoding': 'br' }).end(brotliBomb),
      },
      /more than 4194304 bytes/,
    ],
    [
      'wraps its answer many times',
      { commit: (_, r) => void r.writeHead(200, { 'Content-Encoding': 'gzip, gzip' }).end('x') },
      /encoding "gzip, gzip"/,
    ],
    [
      'sends gzip that is none',
      { commit: (_, r) => void r.writeHead(200, { 'Content-Encoding': 'gzip' }).end('not gzip') },
      /incorrect header check/,
    ],
    [
      'sends a file as gzip that is none',
      { file: (_, r) => void r.writeHead(200, { 'Content-Encoding': 'gzip' }).end('not gzip') },
      /incorrect header check/,
    ],
    ['never answers', { commit: () => undefined }, /nothing for 1 s/],
    ['stops in the middle', { commit: (_, r) => void r.write('{"sha": ') }, /nothing for 1 s/],
    ['sends an answer drop by drop', { commit: (_, r) => endless(r, ' ', 50) }, /more than 3 s/],
    ['sends a file drop by drop', { file: (_, r) => endless(r, '', 50) }, /nothing for 1 s/],
    ['sends a file without end', { file: (_, r) => endless(r, 'x'.repeat(1000)) }, /expected 2 bytes|more/],
    [
      'lists pages without end',
      {
        tree: (_, r) => json(r, [], { Link: '</api/next>; rel="next"' }),
        file: (_, r) => json(r, [], { Link: '</api/next>; rel="next"' }),
      },
      /more than 100 pages/,
    ],
    [
      'lists more files than a model has',
      {
        tree: (_, r) =>
          json(
            r,
            Array.from({ length: 10_001 }, (_, i) => entry(`f${i}`)),
          ),
      },
      /list of files that is none/,
    ],
    ['lists something else', { tree: (_, r) => json(r, { a: 1 }) }, /list of files that is none/],
    ['lists negative sizes', { tree: (_, r) => json(r, [entry('config.json', -1)]) }, /list of files/],
    ['names a commit that is a path', { commit: (_, r) => json(r, { sha: '../../x' }) }, /no hash/],
    ['nests its JSON', { commit: (_, r) => void r.end('['.repeat(1e6) + ']'.repeat(1e6)) }, /nested/],
    ['sends what is not JSON', { commit: (_, r) => void r.end('<html>') }, /not valid JSON/],
    [
      'redirects for ever',
      { commit: (_, r) => void r.writeHead(302, { Location: '/api/revision/x' }).end() },
      /redirects without end/,
    ],
    [
      'redirects to a file',
      { commit: (_, r) => void r.writeHead(302, { Location: 'file:///etc/passwd' }).end() },
      /no address of the web/,
    ],
    [
      'redirects to nowhere',
      { commit: (_, r) => void r.writeHead(302, { Location: 'http://' }).end() },
      /no address of the web/,
    ],
    ['fails', { commit: (_, r) => void r.writeHead(503).end('busy') }, /status 503/],
    [
      'sends a head without end',
      { commit: (_, r) => void r.socket?.end(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(100_000)}`) },
      /cannot be downloaded/,
    ],
    [
      'sends what is no answer',
      { commit: (_, r) => void r.socket?.end('SSH-2.0-hello\r\n') },
      /cannot be downloaded/,
    ],
  ])('%s is told in one message, soon', async (_, odd, message) => {
    const cache = mkdtempSync(join(tmpdir(), 'hub-'));
    const server = await serve(hub(odd));
    const failure = await failureOf(ask(server.url, cache));
    expect(failure).toBeInstanceOf(Fault);
    expect(failure.message).toMatch(message);
    expect(failure.message.length).toBeLessThan(500);
    const left = readdirSync(cache, { recursive: true, encoding: 'utf8' });
    expect(left.filter((path) => path.includes('incomplete'))).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['another part than was asked for', { 'Content-Range': 'bytes 0-9/100' }],
    ['a part of a longer file', { 'Content-Range': 'bytes 50-99/1000' }],
    ['a part without saying which', {}],
    ['a part in an encoding', { 'Content-Encoding': 'gzip', 'Content-Range': 'bytes 50-99/100' }],
  ])('gives %s has nothing of it taken', async (_, headers) => {
    const hash = 'c'.repeat(64);
    const listed = [
      entry('config.json'),
      entry('vocab.txt'),
      { ...entry('model.safetensors', 100), lfs: { oid: hash, size: 100 } },
    ];
    const server = await serve(
      hub({
        tree: (_, r) => json(r, listed),
        file: (request, r) => {
          if (request.url?.endsWith('safetensors') !== true) return void r.end('{}');
          if (request.headers.range === undefined) return void r.end('x'.repeat(100));
          r.writeHead(206, headers).end('x'.repeat(50));
        },
      }),
    );
    const cache = mkdtempSync(join(tmpdir(), 'hub-'));
    const blobs = join(cache, 'models--owner--model/blobs');
    mkdirSync(blobs, { recursive: true });
    writeFileSync(join(blobs, `${hash}.foldwise.incomplete`), 'y'.repeat(50));
    const failure = await failureOf(ask(server.url, cache));
    // The whole file is asked for then; it is not the announced one either.
    expect(failure.message).toMatch(/sent something else than it announced/);
    expect(server.asked.filter((line) => line.includes('safetensors'))).toHaveLength(2);
    expect(readdirSync(blobs)).toEqual([]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['hash', { 'X-Linked-ETag': `"${'d'.repeat(64)}"` }, /another hash than the list/],
    ['size', { 'X-Linked-Size': '101' }, /another size than the list/],
  ])('has changed a file since it listed it is found out by its %s', async (_, headers, message) => {
    const listed = [
      entry('config.json'),
      entry('vocab.txt'),
      { ...entry('model.safetensors', 2), lfs: { oid: 'c'.repeat(64), size: 2 } },
    ];
    const server = await serve(
      hub({
        tree: (_, r) => json(r, listed),
        file: (request, r) => {
          if (request.url?.endsWith('safetensors') !== true) return void r.end('{}');
          r.writeHead(302, { Location: '/network', ...headers }).end();
        },
      }),
    );
    const failure = await failureOf(ask(server.url));
    expect(failure).toBeInstanceOf(EnvironmentFault);
    expect(failure.message).toMatch(message);
    expect(server.asked.some((line) => line.startsWith('/network'))).toBe(true);
  });

  it('breaks off after each drop is heard no longer than such a file may take', async () => {
    const size = 1_000;
    const hash = 'c'.repeat(64);
    const listed = [...whole.slice(0, 2), { ...entry('model.safetensors', size), lfs: { oid: hash, size } }];
    const server = await serve(
      hub({
        tree: (_, r) => json(r, listed),
        file: (request, r) => {
          if (request.url?.endsWith('safetensors') !== true) return void r.end('{}');
          const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
          const head = {
            'Content-Range': `bytes ${from}-${size - 1}/${size}`,
            'Content-Length': size - from,
          };
          r.writeHead(from === 0 ? 200 : 206, head).write('x');
          setTimeout(() => r.destroy(), 100);
        },
      }),
    );
    const began = performance.now();
    const failure = await failureOf(ask(server.url));
    expect(failure.message).toMatch(/drop by drop|an answer of more than/);
    expect(performance.now() - began).toBeLessThan(20_000);
  }, 30_000);

  it('announces more than a model holds has nothing of it downloaded', async () => {
    const huge = [
      entry('config.json', 40 * 2 ** 30),
      entry('vocab.txt', 40 * 2 ** 30),
      entry('pytorch_model.bin'),
    ];
    const server = await serve(
      hub({ tree: (_, r) => json(r, huge), file: (_, r) => void r.writeHead(500).end() }),
    );
    const failure = await failureOf(ask(server.url));
    expect(failure.message).toMatch(/vocab.txt of \d+ bytes|config.json of \d+ bytes|status 500/);
  });

  it('sends a file without end is heard no longer than announced', async () => {
    const server = await serve(hub({ file: (_, r) => endless(r, 'x'.repeat(65_536)) }));
    await failureOf(ask(server.url));
    for (const close of closers.splice(0)) await close();
    expect(server.bytes()).toBeLessThan(16 << 20);
  });
});

describe('an endpoint or a token that is none is an input fault:', () => {
  it.each([
    ['no address', 'huggingface', undefined, /^HF_ENDPOINT/],
    ['another scheme', 'file:///etc', undefined, /^HF_ENDPOINT/],
    ['a token with a line break', 'http://hub', 'hf_a\r\nX-Other: b', /^HF_TOKEN/],
    ['a token of another kind', 'http://hub', 'secret', /^HF_TOKEN/],
  ])('%s', (_, endpoint, secret, message) => {
    const run = (): HubConnection => new HubConnection(endpoint, secret);
    expect(run).toThrow(InputFault);
    expect(run).toThrow(message);
  });

  it('and a password in the endpoint is in no message', () => {
    expect(new HubConnection('https://user:secret@hub.example/path/', undefined).name).toBe(
      'https://hub.example/path',
    );
  });
});
