import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../../cli/connection.js';
import { connectWorkers } from '../../../cli/host/host.js';
import { serverCheck } from '../../../cli/doctor/server.js';
import { workdirAt } from '../../../cli/workdir.js';
import { configuredServer } from '../../../infra/server/configured.js';
import { answers } from '../../../infra/server/probe.js';
import { startRun } from '../../../library/start-run.js';
import type { PipelineDocument } from '../../../library/pipeline-source.js';
import { resolvePipeline } from '../../../library/pipeline-source.js';
import { Bench, server, startEnvironment } from '../../workflows/bench.js';
import { Certificates, hasOpenssl, TlsProxy, type ProxyOptions } from './tls-proxy.js';

const variables = ['ADDRESS', 'NAMESPACE', 'API_KEY', 'PROFILE', 'CONFIG_FILE', 'TLS'].map(
  (name) => `TEMPORAL_${name}`,
);
const tlsVariables = ['CLIENT_CERT_PATH', 'CLIENT_KEY_PATH', 'SERVER_CA_CERT_PATH', 'SERVER_NAME'];
const possible = server !== null && hasOpenssl();
const key = 'a-key-of-some-length';

describe.skipIf(!possible)('a configured server (skipped without openssl or a Temporal server)', () => {
  let environment: TestWorkflowEnvironment;
  let certificates: Certificates;
  const proxies: TlsProxy[] = [];

  beforeAll(async () => {
    certificates = new Certificates();
    environment = await startEnvironment();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const proxy of proxies.splice(0)) await proxy.close();
  });
  afterAll(async () => {
    await environment?.teardown();
    certificates?.remove();
  });

  /** A proxy before the server, and the environment that reaches it but for `changes`. */
  async function before(options: ProxyOptions, changes: Record<string, string> = {}): Promise<TlsProxy> {
    const proxy = await TlsProxy.listen(environment.address, certificates, options);
    proxies.push(proxy);
    const right = {
      TEMPORAL_ADDRESS: proxy.address,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.cert('ca'),
      TEMPORAL_TLS_SERVER_NAME: 'temporal.test',
      ...(options.mutual === true
        ? {
            TEMPORAL_TLS_CLIENT_CERT_PATH: certificates.cert('client'),
            TEMPORAL_TLS_CLIENT_KEY_PATH: certificates.key('client'),
          }
        : {}),
      ...(options.apiKey === undefined ? {} : { TEMPORAL_API_KEY: options.apiKey }),
    };
    set({ ...right, ...changes });
    return proxy;
  }

  function set(values: Record<string, string>): void {
    const names = [...variables, ...tlsVariables.map((name) => `TEMPORAL_TLS_${name}`)];
    for (const name of names) vi.stubEnv(name, undefined);
    // Not the profile of whoever runs the tests.
    vi.stubEnv('TEMPORAL_CONFIG_FILE', join(certificates.folder, 'absent.toml'));
    for (const [name, value] of Object.entries(values)) if (value !== '') vi.stubEnv(name, value);
  }

  /** All that connects: commands, workers, the probe, doctor and the library. */
  async function reachesAll(): Promise<void> {
    const link = await connect(workdirAt(certificates.folder));
    const native = await connectWorkers(link);
    const bench = new Bench({ client: link.client, nativeConnection: native, namespace: 'default' });
    await bench.work();
    const pipeline = resolvePipeline(bench.pipeline() as unknown as PipelineDocument);
    const run = await startRun(pipeline, { check: false, taskQueue: bench.taskQueue });
    expect(await run.result()).toMatchObject({ run: run.run });
    await run.close();
    await bench.dispose();
    expect(await answers(link, 5_000)).toBe(true);
    expect(await answers({ address: link.address }, 1_000)).toBe(false);
    expect(await serverCheck(workdirAt(certificates.folder))).toMatchObject({
      state: 'fine',
      found: `configured, and answers: ${link.address}, namespace default`,
    });
    await native.close();
    await link.close();
  }

  it('is reached over mutual TLS by everything that connects', async () => {
    await before({ mutual: true });
    await reachesAll();
  }, 120_000);

  it('is reached with an API key by everything that connects, and every call bears it', async () => {
    const proxy = await before({ apiKey: key });
    await reachesAll();
    expect([...proxy.authorizations]).toEqual([`Bearer ${key}`]);
  }, 120_000);

  it('is reached by a profile as by the environment', async () => {
    const proxy = await before({ mutual: true, apiKey: key });
    const config = join(certificates.folder, 'temporal.toml');
    const path = (name: string): string => JSON.stringify(name);
    writeFileSync(
      config,
      `[profile.ours]
address = "${proxy.address}"
api_key = "${key}"
[profile.ours.tls]
client_cert_path = ${path(certificates.cert('client'))}
client_key_path = ${path(certificates.key('client'))}
server_ca_cert_path = ${path(certificates.cert('ca'))}
server_name = "temporal.test"
`,
    );
    set({ TEMPORAL_CONFIG_FILE: config, TEMPORAL_PROFILE: 'ours' });
    await reachesAll();
  }, 120_000);

  const untrusted = /the Temporal server's certificate is not trusted.*TEMPORAL_TLS_SERVER_CA_CERT_PATH/s;
  const wantsCertificate = /asks for a client certificate that it trusts.*TEMPORAL_TLS_CLIENT_CERT_PATH/s;
  const failures: [string, ProxyOptions, Record<string, string>, RegExp][] = [
    [
      'no client certificate',
      { mutual: true },
      { TEMPORAL_TLS_CLIENT_CERT_PATH: '', TEMPORAL_TLS_CLIENT_KEY_PATH: '' },
      wantsCertificate,
    ],
    ['an authority that it does not know', {}, { TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'other' }, untrusted],
    ['another name than the certificate has', {}, { TEMPORAL_TLS_SERVER_NAME: 'elsewhere.test' }, untrusted],
    ['no authority', {}, { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '' }, untrusted],
    ['no API key', { apiKey: key }, { TEMPORAL_API_KEY: '' }, /asks for an API key.*TEMPORAL_API_KEY/s],
    ['another API key', { apiKey: key }, { TEMPORAL_API_KEY: 'another-key' }, /does not take the API key/],
    ['no TLS', {}, { TEMPORAL_TLS: 'false' }, /cannot be reached.*TEMPORAL_TLS=true/s],
  ];

  it.each(failures)(
    'says so to whoever comes with %s',
    async (name, options, changes, why) => {
      await before(
        options,
        Object.fromEntries(
          Object.entries(changes).map(([name, value]) => [
            name,
            value === 'other' ? certificates.cert('other') : value,
          ]),
        ),
      );
      const workdir = workdirAt(certificates.folder);
      const { address, namespace, access } = configuredServer()!;
      const link = { address, namespace, access } as Parameters<typeof connectWorkers>[0];
      const fault: unknown = await connectWorkers(link).catch((error: unknown) => error);
      expect(String(fault)).toMatch(why);
      expect(String(fault)).not.toMatch(/another-key|a-key-of/);
      // A client takes ten seconds to give up, unless it is refused.
      if (name.includes('client certificate') || name.includes('API key')) {
        await expect(connect(workdir)).rejects.toThrow(why);
        expect(await serverCheck(workdir)).toMatchObject({ state: 'missing' });
      }
    },
    120_000,
  );

  it('that speaks no TLS is told apart', async () => {
    set({ TEMPORAL_ADDRESS: environment.address, TEMPORAL_API_KEY: key });
    await expect(connect(workdirAt(certificates.folder))).rejects.toThrow('does not speak TLS');
  }, 60_000);

  it.each([
    [
      'a certificate without its key',
      { TEMPORAL_TLS_CLIENT_CERT_PATH: 'client' },
      'go together; found a certificate alone',
    ],
    [
      'a key without its certificate',
      { TEMPORAL_TLS_CLIENT_KEY_PATH: 'client' },
      'go together; found a key alone',
    ],
    [
      'a file that is not there',
      { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.crt' },
      'found ENOENT: /nowhere/ca.crt',
    ],
    ['a profile that is not there', { TEMPORAL_PROFILE: 'absent' }, 'they cannot be read'],
  ])('is refused with %s, before anything is asked', (_name, values, why) => {
    const named = Object.entries(values).map(([name, value]) => [
      name,
      value === 'client' ? certificates.cert('client') : value,
    ]);
    set({ TEMPORAL_ADDRESS: 'localhost:1', ...(Object.fromEntries(named) as Record<string, string>) });
    expect(() => configuredServer()).toThrow(why);
  });

  it('is refused with a profile that cannot be read, and no key of it is quoted', () => {
    const config = join(certificates.folder, 'broken.toml');
    writeFileSync(config, `[profile.default]\naddress = "localhost:1"\napi_key = "${key}\n`);
    set({ TEMPORAL_CONFIG_FILE: config });
    expect(() => configuredServer()).toThrow('they cannot be read');
    try {
      configuredServer();
    } catch (error) {
      expect(String(error)).not.toContain(key);
    }
  });
});
