import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { resolveModel } from '../../../engine/checkpoint/hub.js';
import type { Dice } from '../../dice.js';
import { integer, mutateBytes, mutateJson, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

/** What the server does with one kind of request. Bodies are base64. */
interface Behaviour {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Sent in place of an HTTP answer. */
  readonly raw?: boolean;
  /** What follows the body: the end, nothing, a broken connection, or the body again and again. */
  readonly then: 'end' | 'wait' | 'break' | 'repeat';
}

const kinds = ['commit', 'tree', 'file'] as const;
type Script = Readonly<Record<(typeof kinds)[number], Behaviour>>;

const listing = [
  { type: 'file', path: 'config.json', size: 2, oid: '9e26dfeeb6e641a33dae4961196235bdb965b21b' },
  { type: 'file', path: 'vocab.txt', size: 2 },
  { type: 'file', path: 'model.safetensors', size: 2 },
  { type: 'directory', path: 'onnx', size: 0 },
];

const json = (value: unknown): Behaviour => ({
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)).toString('base64'),
  then: 'end',
});

function behaviourOf(dice: Dice, sound: Behaviour, value: unknown): Behaviour {
  const bytes = Buffer.from(sound.body, 'base64');
  const encoded = (body: Uint8Array): string => Buffer.from(body).toString('base64');
  switch (
    dice.one([
      'json',
      'json',
      'bytes',
      'status',
      'location',
      'link',
      'gzip',
      'bomb',
      'then',
      'raw',
      'nested',
    ] as const)
  ) {
    case 'json':
      return json(mutateJson(dice, value));
    case 'bytes':
      return { ...sound, body: encoded(mutateBytes(dice, bytes)) };
    case 'status':
      return { ...sound, status: dice.one([204, 206, 301, 304, 401, 404, 416, 418, 429, 500, 999]) ?? 500 };
    case 'location': {
      const target = dice.one([
        '/',
        'file:///etc/passwd',
        '//',
        'http://[',
        oddText(dice),
        '/api/models/a/revision/b',
      ]);
      return { ...sound, status: 302, headers: { Location: printable(target ?? '/') } };
    }
    case 'link': {
      const target = dice.one(['/api/models/a/tree/b', 'http://127.0.0.1:1/', oddText(dice)]);
      return { ...sound, headers: { Link: `<${printable(target ?? '/')}>; rel="next"` } };
    }
    case 'gzip':
      return {
        ...sound,
        headers: { 'Content-Encoding': dice.one(['gzip', 'br', 'gzip, gzip', 'x']) ?? 'gzip' },
      };
    case 'bomb':
      return {
        ...sound,
        headers: { 'Content-Encoding': 'gzip' },
        body: encoded(gzipSync(Buffer.alloc(integer(dice, 1, 32) << 20))),
      };
    case 'then':
      return { ...sound, then: dice.one(['wait', 'break', 'repeat'] as const) ?? 'break' };
    case 'raw':
      return {
        ...sound,
        raw: true,
        body: encoded(mutateBytes(dice, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'))),
      };
    default:
      return { ...sound, body: encoded(Buffer.from('['.repeat(integer(dice, 1, 1_000_000)))) };
  }
}

/** What a header may hold. */
function printable(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '');
}

/** A hub that answers as the input says. */
async function serve(script: Script): Promise<Server> {
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const kind = url.includes('/revision/') ? 'commit' : url.includes('/tree/') ? 'tree' : 'file';
    const { status, headers, body, raw = false, then } = script[kind];
    const bytes = Buffer.from(body, 'base64');
    response.on('error', () => undefined);
    if (raw) return void request.socket.end(bytes);
    response.writeHead(status, headers);
    if (then === 'end') return void response.end(bytes);
    response.write(bytes);
    if (then === 'break') return void setTimeout(() => response.destroy(), 5);
    if (then === 'repeat') repeat(() => !response.destroyed && response.write(bytes), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function repeat(write: () => boolean, stream: NodeJS.EventEmitter & { readonly destroyed: boolean }): void {
  if (stream.destroyed) return;
  if (write()) setImmediate(() => repeat(write, stream));
  else stream.once('drain', () => repeat(write, stream));
}

/** Shorter than anybody waits: an input that makes foldwise wait must end all the same. */
const patience = {
  idleMs: 200,
  answerMs: 1_000,
  fileMs: 1_000,
  bytesPerSecond: 1e6,
  retryMs: 1,
  longestWaitMs: 100,
};

/** The answers of a hub to the requests for one model. */
export const hubAnswers: FuzzTarget = {
  name: 'hub-answers',
  reads: 'a model of the hub',
  extension: '.json',
  make(dice) {
    const values = { commit: { sha: 'a'.repeat(40) }, tree: listing, file: {} };
    const script = Object.fromEntries(kinds.map((kind) => [kind, json(values[kind])]));
    if (dice.between(0, 1) > 0.05) {
      const kind = dice.one(kinds) ?? 'tree';
      script[kind] = behaviourOf(dice, script[kind]!, values[kind]);
    }
    return Buffer.from(JSON.stringify(script));
  },
  async run(input, scratch) {
    const server = await serve(JSON.parse(Buffer.from(input).toString('utf8')) as Script);
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    const options = {
      baseDirectory: scratch,
      cacheDirectory: scratch,
      endpoint,
      token: 'hf_secret',
      patience,
    };
    try {
      return (await resolveModel('owner/model', options)).files;
    } finally {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  },
};
