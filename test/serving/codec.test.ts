import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as send, type IncomingHttpHeaders } from 'node:http';
import { request as sendOverTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { encryptedPayloads } from '../../payloads/encrypted-payloads.js';
import { newKeyLine, parseEncryptionKeys } from '../../payloads/encryption-keys.js';
import { CodecServer, type CodecServerOptions } from '../../serving/codec/codec-server.js';
import { payloadsJson } from '../../serving/codec/payloads-json.js';

const codec = encryptedPayloads(parseEncryptionKeys(newKeyLine('2026'), 'test'));
const token = 'a-token-of-some-length';
const ui = 'http://localhost:8233';

const servers: CodecServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(0);
});

async function listen(changes: Partial<CodecServerOptions> = {}): Promise<CodecServer> {
  const server = await CodecServer.listen({ host: '127.0.0.1', port: 0, codec, ...changes });
  servers.push(server);
  return server;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function ask(
  server: CodecServer,
  path: string,
  {
    body,
    method = 'POST',
    headers = {},
  }: { body?: unknown; method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  const { hostname, port, protocol } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const asked = (protocol === 'https:' ? sendOverTls : send)(
      {
        hostname,
        port,
        path,
        method,
        rejectUnauthorized: false,
        agent: false,
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(text),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString(),
            }),
          );
      },
    );
    asked.on('error', reject).end(text);
  });
}

const plain = [
  defaultPayloadConverter.toPayload({ label: 'zebra' }),
  defaultPayloadConverter.toPayload(null),
];
const sealed = async (): Promise<Payload[]> => codec.encode(plain);

describe('a codec server', () => {
  it('decrypts what was encrypted, encrypts what was not, and leaves the rest', async () => {
    const server = await listen();
    const decoded = await ask(server, '/decode', { body: payloadsJson([...(await sealed()), ...plain]) });
    expect(decoded.status).toBe(200);
    expect(JSON.parse(decoded.text)).toEqual(payloadsJson([...plain, ...plain]));
    const encoded = await ask(server, '/encode', { body: payloadsJson(plain) });
    expect(encoded.text).not.toContain(Buffer.from('zebra').toString('base64').slice(0, 6));
    expect((await ask(server, '/decode', { body: encoded.text })).text).toBe(
      `${JSON.stringify(payloadsJson(plain))}\n`,
    );
    expect(JSON.parse((await ask(server, '/decode', { body: { payloads: [] } })).text)).toEqual({
      payloads: [],
    });
  });

  it('says in place of a payload which key it lacks', async () => {
    const server = await listen({
      codec: encryptedPayloads(parseEncryptionKeys(newKeyLine('other'), 'test')),
    });
    const { status, text } = await ask(server, '/decode', { body: payloadsJson(await sealed()) });
    expect(status).toBe(200);
    const [first] = (JSON.parse(text) as { payloads: { data: string }[] }).payloads;
    expect(Buffer.from(first!.data, 'base64').toString()).toContain('encrypted with the key 2026');
  });

  it('answers whoever bears the token, in the header or as the first part of the path, and nobody else', async () => {
    const server = await listen({ token });
    const body = payloadsJson(await sealed());
    for (const headers of [{}, { Authorization: 'Bearer another' }, { Authorization: token }] as Record<
      string,
      string
    >[]) {
      const refused = await ask(server, '/decode', { body, headers });
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toBe('Bearer');
      expect(refused.text).not.toContain('zebra');
    }
    for (const path of [
      '/another/decode',
      '/decode/decode',
      `/${token.slice(1)}/decode`,
      `//${token}/decode`,
    ])
      expect((await ask(server, path, { body })).status).toBe(401);
    const headers = { Authorization: `Bearer ${token}`, 'X-Namespace': 'default' };
    for (const reply of [
      await ask(server, '/decode', { body, headers }),
      await ask(server, `/${token}/decode`, { body }),
    ])
      expect(JSON.parse(reply.text)).toEqual(payloadsJson(plain));
    const health = await ask(server, '/health', { method: 'GET' });
    expect([health.status, health.text]).toEqual([200, '{"status":"alive"}\n']);
  });

  it('lets pages of the Web UI read answers, and answers no page of another origin', async () => {
    const server = await listen({ token, origins: [ui, 'https://ui.example.org'] });
    const body = payloadsJson(await sealed());
    const preflight = await ask(server, `/${token}/decode`, { method: 'OPTIONS', headers: { Origin: ui } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': ui,
      'access-control-allow-headers': 'Authorization, Content-Type, X-Namespace',
      vary: 'Origin',
    });
    const read = await ask(server, `/${token}/decode`, { body, headers: { Origin: ui } });
    expect([read.status, read.headers['access-control-allow-origin']]).toEqual([200, ui]);
    const refused = await ask(server, '/decode', { body, headers: { Origin: ui } });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, ui]);
    for (const Origin of [
      'http://localhost:8234',
      'null',
      'http://localhost:8233.example.org',
      'https://localhost:8233',
    ]) {
      const reply = await ask(server, `/${token}/decode`, { body, headers: { Origin } });
      expect(reply.status).toBe(403);
      expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
    }
    const closed = await listen();
    expect((await ask(closed, '/decode', { method: 'OPTIONS', headers: { Origin: ui } })).status).toBe(405);
    expect((await ask(closed, '/decode', { body, headers: { Origin: ui } })).status).toBe(403);
  });

  it.each([
    ['no JSON', '{"payloads": [', 400],
    ['another thing', '[]', 400],
    ['no payloads', '{}', 400],
    ['a payload that is none', '{"payloads": [7]}', 400],
    ['metadata that is none', '{"payloads": [{"metadata": []}]}', 400],
    ['metadata that is no base64', '{"payloads": [{"metadata": {"encoding": "json/plain!"}}]}', 400],
    ['data that is no base64', '{"payloads": [{"data": "private words"}]}', 400],
    ['a name twice', '{"payloads": [], "payloads": []}', 400],
    ['names of a prototype', '{"payloads": [{"metadata": {"__proto__": 7}}]}', 400],
    ['too deep', `{"payloads": ${'['.repeat(50)}${']'.repeat(50)}}`, 400],
    ['too many', JSON.stringify({ payloads: Array.from({ length: 10_001 }, () => ({})) }), 400],
  ])('refuses %s, and quotes nothing of it', async (_name, body, status) => {
    const faults: unknown[] = [];
    const server = await listen({ onFault: (fault) => faults.push(fault) });
    const reply = await ask(server, '/decode', { body });
    expect(reply.status).toBe(status);
    expect(reply.text).not.toContain('private');
    expect(faults).toEqual([]);
    expect((await ask(server, '/decode', { body: payloadsJson(await sealed()) })).status).toBe(200);
  });

  it('takes fields that are absent as empty', async () => {
    const server = await listen();
    const { text } = await ask(server, '/decode', {
      body: '{"payloads": [{}, {"metadata": null, "data": null}]}',
    });
    const empty = { metadata: {}, data: '' };
    expect(JSON.parse(text)).toEqual({ payloads: [empty, empty] });
  });

  it('refuses other types, methods, paths and sizes', async () => {
    const server = await listen({ limits: { bodyBytes: 1_000 } });
    const statusOf = async (
      ...args: Parameters<typeof ask> extends [unknown, ...infer R] ? R : never
    ): Promise<number> => (await ask(server, ...args)).status;
    expect(await statusOf('/decode', { headers: { 'Content-Type': 'text/plain' }, body: '{}' })).toBe(415);
    expect(await statusOf('/decode', { method: 'GET' })).toBe(405);
    expect(await statusOf('/health', { method: 'POST' })).toBe(405);
    for (const path of ['/', '/decoder', '/decode/', '/a/health'])
      expect(await statusOf(path, { body: {} })).toBe(404);
    expect(await statusOf('/decode', { body: ' '.repeat(1_001) })).toBe(413);
    expect(await statusOf('/default/decode?x=1', { body: { payloads: [] } })).toBe(200);
  });

  it('takes a message of the largest size that the server of Temporal does', async () => {
    const server = await listen();
    const large = await codec.encode([defaultPayloadConverter.toPayload('x'.repeat(2_000_000))]);
    const { status, text } = await ask(server, '/decode', { body: payloadsJson(large) });
    expect(status).toBe(200);
    expect(text.length).toBeGreaterThan(2_600_000);
  });

  it('answers what was asked before it ends, and then nothing', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = { ...codec, decode: async (payloads: Payload[]) => held.then(() => codec.decode(payloads)) };
    const server = await CodecServer.listen({ host: '127.0.0.1', port: 0, codec: slow });
    const answer = ask(server, '/decode', { body: payloadsJson(await sealed()) });
    await expect.poll(() => (server as unknown as { open: number }).open).toBe(1);
    const { url } = server;
    const stopped = server.stop(30_000);
    release();
    expect((await answer).status).toBe(200);
    expect(await stopped).toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  it.skipIf(!hasOpenssl())('speaks TLS where it has a certificate (skipped without openssl)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foldwise-codec-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const args = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=localhost',
    ];
    execFileSync('openssl', [...args, '-keyout', key, '-out', cert, '-days', '2'], { stdio: 'ignore' });
    const server = await listen({ token, certificate: { key: readFileSync(key), cert: readFileSync(cert) } });
    rmSync(folder, { recursive: true });
    expect(server.url).toMatch(/^https:/);
    const reply = await ask(server, `/${token}/decode`, { body: payloadsJson(await sealed()) });
    expect(JSON.parse(reply.text)).toEqual(payloadsJson(plain));
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
