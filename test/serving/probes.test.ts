import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from 'node:net';
import { ProbeServer } from '../../serving/probes.js';

let unready: string | null;
let server: ProbeServer;
beforeEach(async () => {
  unready = null;
  const metrics = (): Promise<string> => Promise.resolve('a_total 1\n');
  server = await ProbeServer.listen({ host: '127.0.0.1', port: 0 }, { unready: () => unready, metrics });
});
afterEach(() => server.close());

const ask = async (path: string, init: RequestInit = {}): Promise<[number, string]> => {
  const answer = await fetch(server.url + path, init);
  return [answer.status, await answer.text()];
};

describe('the server of probes', () => {
  it('tells life and readiness apart', async () => {
    expect(await ask('/readyz')).toEqual([200, '{"status":"ready"}\n']);
    unready = 'server: it cannot be reached';
    expect(await ask('/healthz')).toEqual([200, '{"status":"alive"}\n']);
    const [status, body] = await ask('/readyz');
    expect(status).toBe(503);
    expect(body).toContain('server: it cannot be reached');
  });

  it('answers scrapes', async () => {
    const answer = await fetch(`${server.url}/metrics?x=1`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toBe('a_total 1\n');
  });

  it.each([
    ['GET', '/', 404],
    ['GET', '/healthz/..', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/readyz', 405],
    ['HEAD', '/readyz', 200],
  ])('takes %s %s as it is: %d', async (method, path, status) => {
    const body = method === 'POST' ? { body: 'x'.repeat(100_000) } : {};
    expect((await ask(path, { method, ...body }))[0]).toBe(status);
  });

  it('repeats nothing of a request, and goes on after what is none', async () => {
    expect((await ask('/secret-words'))[1]).not.toContain('secret');
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () =>
        socket.write('\0\0\r\n\r\n'),
      );
      socket
        .on('close', () => resolve())
        .on('error', () => undefined)
        .resume();
    });
    expect((await ask('/healthz'))[0]).toBe(200);
  });
});
