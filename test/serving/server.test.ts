import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { EnvironmentFault } from '../../errors/fault.js';
import type { RequestEntry } from '../../serving/request-handler.js';
import { Server } from '../../serving/server.js';
import { defaultBatching, defaultLimits } from '../../serving/limits.js';
import {
  answerTo,
  ask,
  listen,
  PlainScorer,
  post,
  predict,
  probabilitiesOf,
  Raw,
  scoredOf,
} from './served.js';

const python = process.env['FOLDWISE_PYTHON'] ?? 'python3';
const hubClient = spawnSync(python, ['-c', 'import huggingface_hub']).status === 0;
const withoutHubClient = hubClient ? '' : ' (skipped: FOLDWISE_PYTHON has no huggingface_hub)';

const secret = 'nobody may read this';

describe('POST /v1/predict', () => {
  it('gives each text its probabilities and labels, and says which ensemble does', async () => {
    const server = await listen();
    const texts = ['What a day!', '', 'né … 😀 日本', '[SEP] [CLS]', 'x'.repeat(5000)];
    const { status, body, headers } = await predict(server, { texts });
    expect([status, body]).toEqual([200, answerTo(texts)]);
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  const wrong: [claim: string, body: unknown, status: number, details: object][] = [
    ['no texts', { texts: [] }, 422, { where: 'texts', expected: 'at least one' }],
    ['no list', { texts: secret }, 422, { where: 'texts' }],
    ['another type', { texts: ['a', 7] }, 422, { where: 'texts[1]', expected: 'a string' }],
    ['null', { texts: [null] }, 422, { where: 'texts[0]' }],
    ['nothing', {}, 422, { where: 'texts' }],
    ['an unknown field', { texts: ['a'], [secret]: 0.5 }, 422, { expected: 'texts' }],
    ['__proto__', JSON.parse('{"__proto__": {"texts": ["a"]}}'), 422, { expected: 'texts' }],
    ['too many', { texts: Array(11).fill('a') }, 413, { found: '11', expected: 'at most 10' }],
    ['too long', { texts: ['a', 'b'.repeat(101)] }, 413, { where: 'texts[1]', found: '101 characters' }],
    ['a list', ['a'], 400, { expected: 'a JSON object in UTF-8' }],
  ];
  it.each(wrong)('says where what is wrong: %s', async (_, asked, status, details) => {
    const server = await listen({ limits: { texts: 10, characters: 100 } });
    const reply = await predict(server, asked);
    expect([reply.status, reply.body]).toMatchObject([status, { error: details }]);
    expect(reply.text).not.toContain(secret);
    expect(reply.text).not.toMatch(/\.ts|\.js| at /);
  });

  const broken: [claim: string, body: string | Buffer, what: RegExp][] = [
    ['no JSON', `{"texts": ["${secret}"]`, /not valid JSON/],
    ['nothing', '', /not valid JSON/],
    ['a comment', '{"texts": ["a"]} // x', /not valid JSON/],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), /not UTF-8/],
    [
      'an overlong form',
      Buffer.concat([Buffer.from('{"texts":["'), Buffer.from([0xc0, 0xaf]), Buffer.from('"]}')]),
      /not UTF-8/,
    ],
    ['a name twice', `{"texts": ["a"], "texts": ["${secret}"]}`, /twice/],
    ['deep nesting', '{"texts": ' + '['.repeat(100_000) + ']'.repeat(100_000) + '}', /too deeply/],
    ['deep objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000), /too deeply/],
    ['UTF-16', Buffer.from('{"texts": ["a"]}', 'utf16le'), /not valid JSON/],
    ['NaN', '{"texts": NaN}', /not valid JSON/],
    ['a control character', '{"texts": ["a\u0001"]}', /not valid JSON/],
  ];
  it.each(broken)('refuses as no JSON: %s', async (_, body, what) => {
    const server = await listen();
    const reply = await ask(server, '/v1/predict', { body });
    expect([reply.status, reply.body]).toMatchObject([
      400,
      { error: { where: 'the body of the request', what: expect.stringMatching(what) as string } },
    ]);
    expect(reply.text).not.toContain(secret);
  });

  it('takes half of a surrogate pair as the library does: what scores decides what it is', async () => {
    const server = await listen();
    const { status, body } = await ask(server, '/v1/predict', {
      body: '{"texts": ["\\ud83d!", "\\ud83d\\ude00"]}',
    });
    expect([status, body]).toEqual([200, answerTo(['\ud83d!', '😀'])]);
  });

  it('takes a text of a million escapes as any other', async () => {
    const server = await listen({ limits: { characters: 1_000_000 } });
    const text = '\n"\\'.repeat(300_000);
    const { status, body } = await predict(server, { texts: [text] });
    expect([status, body]).toEqual([200, answerTo([text])]);
  });
});

describe('POST /predict', () => {
  const sorted = (text: string) =>
    ['joy', 'fear', 'anger']
      .map((label, i) => ({ label, score: Number(probabilitiesOf(text)[i]!.toPrecision(9)) }))
      .sort((a, b) => b.score - a.score);

  it('answers as text-embeddings-inference does: one text, or a batch, the largest score first', async () => {
    const server = await listen();
    for (const [inputs, expected] of [
      ['one', sorted('one')],
      [['one'], sorted('one')],
      [
        [['one'], ['another']],
        [sorted('one'), sorted('another')],
      ],
    ] as const) {
      const { status, body } = await predict(
        server,
        { inputs, raw_scores: false, truncate: true },
        '/predict',
      );
      expect([status, body]).toEqual([200, expected]);
    }
  });

  it("answers the hub's client as it expects, at the server's own address, too", async () => {
    const server = await listen();
    for (const [asked, expected] of [
      [{ inputs: 'one', parameters: {} }, [sorted('one')]],
      [{ inputs: ['one', 'another'], parameters: {} }, [sorted('one'), sorted('another')]],
      [{ inputs: 'one', parameters: { top_k: 2 } }, [sorted('one').slice(0, 2)]],
    ] as const) {
      const { status, body } = await predict(server, asked, '/');
      expect([status, body]).toEqual([200, expected]);
    }
  });

  it.skipIf(!hubClient)(`answers the client of huggingface_hub${withoutHubClient}`, async () => {
    const server = await listen();
    const script = `import sys, json
from huggingface_hub import InferenceClient
client = InferenceClient(model=sys.argv[1], token="none")
print(json.dumps([[e.label, e.score] for e in client.text_classification("one")]))`;
    const { stdout } = await promisify(execFile)(python, ['-c', script, server.url]);
    expect(JSON.parse(stdout)).toEqual(sorted('one').map(({ label, score }) => [label, score]));
  });

  it.each([
    [{ inputs: 'a', parameters: 7 }, 422, /^parameters: it is no object/],
    [{ inputs: 'a', parameters: { top_k: 0 } }, 422, /^parameters\.top_k: /],
    [{ inputs: 'a', parameters: { function_to_apply: 'none' } }, 422, /^parameters: .*not known/],
    [{ inputs: [], parameters: {} }, 422, /^inputs: there is no text/],
    [{ inputs: ['a', 7], parameters: {} }, 422, /^inputs\[1\]: it is no text/],
    [{ inputs: [] }, 422, /^inputs: there is no text/],
    [{ inputs: ['a', 'b'] }, 422, /^inputs: it is not one text.*pairs of texts are not taken/],
    [{ inputs: [['a', 'b']] }, 422, /^inputs\[0\]: it is not one text/],
    [{ inputs: [['a'], 'b'] }, 422, /^inputs\[1\]: it is not one text/],
    [{ inputs: 7 }, 422, /^inputs: it is no text/],
    [{ inputs: 'a', raw_scores: true }, 422, /^raw_scores: .*probabilities alone/],
    [{ inputs: 'a', truncate: false }, 422, /^truncate: /],
    [{ inputs: 'a', truncate: 'yes' }, 422, /^truncate: it has another type/],
    [{ inputs: 'a', truncation_direction: 'Left' }, 422, /^truncation_direction: /],
    [{ inputs: 'a', other: 1 }, 422, /not known/],
    [{ inputs: 'b'.repeat(101) }, 413, /^inputs: the text is too long/],
    [{ inputs: [['a'], ['b'.repeat(101)]] }, 413, /^inputs\[1\]\[0\]: the text is too long/],
  ])('refuses %j in its words', async (asked, status, message) => {
    const server = await listen({ limits: { characters: 100 } });
    const reply = await predict(server, asked, '/predict');
    expect([reply.status, reply.body]).toEqual([
      status,
      { error: expect.stringMatching(message) as string, error_type: 'Validation' },
    ]);
  });

  it('says as it does that there is too much', async () => {
    const scorer = new PlainScorer();
    let release = (): void => undefined;
    scorer.before = () => new Promise((resolve) => (release = resolve));
    const server = await listen({ scorer, limits: { queuedTexts: 1 }, batching: { maxWaitMs: 0 } });
    const first = predict(server, { inputs: 'a' }, '/predict');
    await expect.poll(() => scorer.batches.length).toBe(1);
    const second = predict(server, { inputs: 'b' }, '/predict');
    await expect.poll(async () => (await ask(server, '/metrics')).text).toContain('foldwise_queue_texts 1\n');
    const { status, body, headers } = await predict(server, { inputs: 'c' }, '/predict');
    expect([status, body]).toMatchObject([429, { error_type: 'Overloaded' }]);
    expect(headers['retry-after']).toBe('1');
    scorer.before = () => Promise.resolve();
    release();
    expect([(await first).body, (await second).body]).toEqual([sorted('a'), sorted('b')]);
  });
});

describe('a server', () => {
  it('tells of itself', async () => {
    const server = await listen();
    await predict(server, { texts: ['a', 'b'] });
    expect((await ask(server, '/health')).body).toEqual({ status: 'alive' });
    expect((await ask(server, '/ready')).body).toEqual({ status: 'ready' });
    expect((await ask(server, '/info')).body).toMatchObject({
      model_id: 'run-1',
      model_dtype: 'int8',
      model_type: { classifier: { id2label: { 0: 'joy', 1: 'fear', 2: 'anger' }, label2id: { anger: 2 } } },
      max_client_batch_size: 1000,
      auto_truncate: true,
      ensemble: {
        run: 'run-1',
        pipeline: 'moods',
        task: 'multi-label',
        thresholds: [0.5, 0.5, 0.5],
        models: 2,
      },
    });
    const { text, headers } = await ask(server, '/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    for (const line of [
      'foldwise_requests_total{endpoint="v1/predict",status="200"} 1',
      'foldwise_texts_total 2',
      'foldwise_batch_texts_bucket{le="1"} 0',
      'foldwise_batch_texts_bucket{le="2"} 1',
      'foldwise_batch_texts_bucket{le="+Inf"} 1',
      'foldwise_batch_texts_sum 2',
      'foldwise_request_seconds_count 1',
      'foldwise_ready 1',
    ])
      expect(text.split('\n')).toContain(line);
    // Every sample follows a line that says its type.
    for (const [, name] of text.matchAll(/^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{.*\})? [\d.e+-]+$/gm))
      expect(text).toContain(`# TYPE ${name} `);
  });

  it.each([
    ['GET', '/v1/predict', 405],
    ['PUT', '/predict', 405],
    ['POST', '/health', 405],
    ['OPTIONS', '/v1/predict', 405],
    ['GET', `/${secret.replaceAll(' ', '')}`, 404],
    ['GET', '/', 405],
    ['GET', '/__proto__', 404],
    ['GET', '//v1/predict', 404],
    ['HEAD', '/health', 200],
    ['GET', '/health?x=1', 200],
  ])('answers %s %s by %i', async (method, path, status) => {
    const server = await listen();
    const reply = await ask(server, path, { method });
    expect(reply.status).toBe(status);
    if (status === 405) expect(reply.headers.allow).toMatch(/POST|GET/);
    expect(reply.text).not.toContain('nobody');
  });

  it.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/json; charset=latin1' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{ 'content-encoding': 'gzip' }],
  ])('takes no other kind of body: %j', async (headers) => {
    const server = await listen();
    const reply = await ask(server, '/v1/predict', { headers, body: '{"texts": ["a"]}' });
    expect([reply.status, reply.body]).toMatchObject([
      415,
      { error: { expected: expect.anything() as string } },
    ]);
  });

  it('lets in who has the token, and whoever looks after it', async () => {
    const token = 'the-word-of-words';
    const server = await listen({ token });
    const by = (authorization?: string) =>
      ask(server, '/v1/predict', {
        body: '{"texts": ["a"]}',
        headers: authorization === undefined ? {} : { authorization },
      });
    for (const wrong of [
      undefined,
      'Bearer other',
      'Basic x',
      'Bearer',
      'Bearer the',
      'bearer  ',
      'Bearer the-word-of-words x',
    ]) {
      const reply = await by(wrong);
      expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(reply.text).not.toContain(token);
    }
    expect((await ask(server, '/metrics')).status).toBe(401);
    expect((await ask(server, '/info')).status).toBe(401);
    expect((await ask(server, '/health')).status).toBe(200);
    expect((await ask(server, '/ready')).status).toBe(200);
    for (const right of [`Bearer ${token}`, `bearer   ${token} `]) expect((await by(right)).status).toBe(200);
  });

  it('lets pages of one origin read answers only where it is told so', async () => {
    const server = await listen({ corsOrigins: ['https://example.org'] });
    const from = (origin: string, method: string) =>
      ask(server, '/v1/predict', {
        method,
        headers: { origin },
        ...(method === 'POST' ? { body: '{"texts": ["a"]}' } : {}),
      });
    for (const method of ['POST', 'OPTIONS']) {
      const allowed = await from('https://example.org', method);
      expect([allowed.status, allowed.headers['access-control-allow-origin']]).toEqual([
        method === 'POST' ? 200 : 204,
        'https://example.org',
      ]);
      const other = await from('https://example.com', method);
      expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it('is alive but not ready while the models are loaded', async () => {
    const { host, port } = { host: '127.0.0.1', port: 0 };
    const server = await Server.listen({ host, port, limits: defaultLimits, batching: defaultBatching });
    try {
      expect((await ask(server, '/health')).status).toBe(200);
      for (const reply of [await ask(server, '/ready'), await predict(server, { texts: ['a'] })]) {
        expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1']);
        expect(reply.body).toMatchObject({ error: { what: 'the models are being loaded' } });
      }
    } finally {
      await server.stop(0);
    }
  });

  it('tells each request in the log where it is asked to, without a text', async () => {
    const entries: RequestEntry[] = [];
    const server = await listen({ onRequest: (entry) => entries.push(entry) });
    await predict(server, { texts: [secret, 'b'] });
    await ask(server, `/${encodeURIComponent(secret)}`);
    expect(entries).toMatchObject([
      { endpoint: 'v1/predict', method: 'POST', status: 200, texts: 2 },
      { endpoint: 'other', method: 'GET', status: 404, texts: 0 },
    ]);
    expect(JSON.stringify(entries)).not.toContain('nobody');
  });

  it('answers what it cannot do by itself with 500, tells the log, and goes on', async () => {
    const scorer = new PlainScorer();
    const faults: unknown[] = [];
    const server = await listen({ scorer, onFault: (fault) => faults.push(fault) });
    scorer.before = () => Promise.reject(new Error(secret));
    const { status, text } = await predict(server, { texts: [secret] });
    expect([status, text.includes('nobody')]).toEqual([500, false]);
    expect(faults).toHaveLength(1);
    scorer.before = () => Promise.resolve();
    expect((await predict(server, { texts: ['a'] })).status).toBe(200);
  });

  it('refuses scores that are not as many as the texts', async () => {
    const scorer = { score: (texts: readonly string[]) => Promise.resolve(scoredOf(texts.slice(1))) };
    const server = await listen({ scorer, onFault: () => undefined });
    expect((await predict(server, { texts: ['a', 'b'] })).status).toBe(500);
  });
});

describe('a server that ends', () => {
  it('answers what was asked, and takes nothing new', async () => {
    const scorer = new PlainScorer();
    let release = (): void => undefined;
    scorer.before = () => new Promise((resolve) => (release = resolve));
    const server = await listen({ scorer, batching: { maxWaitMs: 0 } });
    const first = predict(server, { texts: ['a'] });
    await expect.poll(() => scorer.batches.length).toBe(1);
    const second = predict(server, { texts: ['b'] });
    await expect.poll(async () => (await ask(server, '/metrics')).text).toContain('foldwise_queue_texts 1\n');
    const ended = server.stop(30_000);
    const late = await predict(server, { texts: ['c'] });
    expect([late.status, late.headers.connection, late.headers['retry-after']]).toEqual([503, 'close', '1']);
    expect((await ask(server, '/ready')).status).toBe(503);
    expect((await ask(server, '/health')).status).toBe(200);
    scorer.before = () => Promise.resolve();
    release();
    expect([(await first).body, (await second).body]).toEqual([answerTo(['a']), answerTo(['b'])]);
    expect(await ended).toBe(0);
    await expect(ask(server, '/health')).rejects.toThrow();
  });

  it('waits no longer than it is told, and says how many were left', async () => {
    const scorer = new PlainScorer();
    scorer.before = () => new Promise(() => undefined);
    const server = await listen({ scorer });
    const lost = predict(server, { texts: ['a'] });
    lost.catch(() => undefined);
    await expect.poll(() => scorer.batches.length).toBe(1);
    expect(await server.stop(50)).toBe(1);
    await expect(lost).rejects.toThrow();
  });

  it('closes connections that only idle', async () => {
    const server = await listen();
    const idle = await Raw.open(server);
    idle.write(post('{"texts": ["a"]}'));
    await idle.until(({ statuses }) => statuses.length === 1);
    expect(await server.stop(5_000)).toBe(0);
    await idle.closed;
  });

  it('says that the engine has failed where what scores is gone, and is of no use then', async () => {
    const scorer = new PlainScorer();
    const gone = new EnvironmentFault({ where: 'WebGPU, run', what: 'the device is lost' });
    scorer.before = () => Promise.reject(gone);
    const server = await listen({ scorer });
    const { status, body } = await predict(server, { texts: ['a'] });
    expect([status, body]).toMatchObject([503, { error: { what: 'the engine has failed' } }]);
    await expect(server.working).rejects.toBe(gone);
    expect((await ask(server, '/ready')).status).toBe(503);
    expect((await ask(server, '/health')).status).toBe(200);
  });

  it('says that it is stuck where a batch takes too long', async () => {
    const scorer = new PlainScorer();
    scorer.before = () => new Promise(() => undefined);
    const server = await listen({ scorer, batching: { stuckMs: 50 } });
    const { status, body } = await predict(server, { texts: ['a'] });
    expect([status, body]).toMatchObject([503, { error: { what: 'the engine is stuck' } }]);
    await expect(server.working).rejects.toThrow(/the engine is stuck.*more than 0\.05 s/);
    expect((await ask(server, '/ready')).status).toBe(503);
    expect((await ask(server, '/health')).status).toBe(200);
  });
});
