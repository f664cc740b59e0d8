import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type RunningServer } from '../../infra/server/start.js';
import { dataConverterOf } from '../../payloads/data-converter.js';
import { encryptedPayloads } from '../../payloads/encrypted-payloads.js';
import { newKeyLine, parseEncryptionKeys } from '../../payloads/encryption-keys.js';
import { CodecServer, type CodecRequestEntry } from '../../serving/codec/codec-server.js';
import { searchAttributeTypes } from '../../workflows/search-attribute-names.js';
import { findChromium } from '../report/chromium.js';
import { Bench, quietRuntime, server as executable } from '../workflows/bench.js';

const chrome = findChromium();
const possible = executable !== null && chrome !== null;
const token = 'a-token-of-some-length';
const keys = parseEncryptionKeys(newKeyLine('2026'), 'test');

describe.skipIf(!possible)(
  'an encrypted run in the Web UI (skipped without a Temporal server or Chromium)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'foldwise-ui-'));
    let server: RunningServer;
    let codec: CodecServer;
    let bench: Bench;
    let browser: Browser;
    let connection: Connection;
    let nativeConnection: NativeConnection;
    let workflowId = '';
    const statuses: number[] = [];

    beforeAll(async () => {
      quietRuntime();
      const onMessage = (): void => undefined;
      server = await startServer({ workdir: folder, searchAttributes: searchAttributeTypes, onMessage });
      const { address } = server;
      connection = await Connection.connect({ address });
      nativeConnection = await NativeConnection.connect({ address });
      const client = new Client({ connection, dataConverter: dataConverterOf(keys) });
      bench = new Bench({ client, nativeConnection, namespace: 'default' });
      await bench.work({}, { encryption: keys });
      const handle = await bench.start();
      ({ workflowId } = handle);
      await handle.result();
      const origins = [new URL(server.uiUrl ?? '').origin];
      const onRequest = ({ status }: CodecRequestEntry): number => statuses.push(status);
      codec = await CodecServer.listen({
        onRequest,
        host: '127.0.0.1',
        port: 0,
        codec: encryptedPayloads(keys),
        token,
        origins,
      });
      browser = await chromium.launch({ executablePath: chrome!, args: ['--no-sandbox'] });
    }, 180_000);
    afterAll(async () => {
      await browser?.close();
      await codec?.stop(1_000);
      await bench?.dispose();
      await nativeConnection?.close();
      await connection?.close();
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    /** What a person reads of the run, with the codec server that the settings of their browser name. */
    async function shown(endpoint: string | null, settled: (text: string) => boolean): Promise<string> {
      const context = await browser.newContext();
      const page = await context.newPage();
      // As the dialogue "Configure Codec Server" keeps it.
      const settings = { endpoint: JSON.stringify(endpoint), overrideRemoteCodecConfiguration: 'true' };
      if (endpoint !== null)
        for (const [name, value] of Object.entries(settings))
          await page.addInitScript({
            content: `localStorage.setItem(${JSON.stringify(name)}, ${JSON.stringify(value)})`,
          });
      await page.goto(`${server.uiUrl}/namespaces/default/workflows/${workflowId}`);
      const read = (): Promise<string> => page.evaluate<string>('document.body.innerText');
      await expect.poll(async () => settled(await read()), { timeout: 60_000 }).toBe(true);
      const text = await read();
      await context.close();
      return text;
    }

    it('is unreadable without a codec server, and readable with one that is given the token', async () => {
      const complete = (text: string): boolean => text.includes('trainFold') && text.includes('Result');
      expect(await shown(null, complete)).not.toMatch(/"joy"|train\.csv|runDirectory/);
      const told = ['"joy"', 'train.csv', 'aggregateOof • oof'];
      await shown(`${codec.url}/${token}`, (text) => told.every((words) => text.includes(words)));
      const refused = (text: string): boolean => text.includes(workflowId) && statuses.includes(401);
      const other = await shown(`${codec.url}/another-token-of-some-length`, refused);
      expect(other).not.toMatch(/"joy"|train\.csv|runDirectory/);
    }, 240_000);

    it('is shown by the temporal command, which bears the token in a header', async () => {
      const show = async (...args: readonly string[]): Promise<string> => {
        const all = [
          'workflow',
          'show',
          '--detailed',
          '--workflow-id',
          workflowId,
          '--address',
          server.address,
        ];
        return (await promisify(execFile)(executable!.path, [...all, ...args])).stdout;
      };
      expect(await show()).not.toContain('train.csv');
      const [endpoint, auth] = [
        ['--codec-endpoint', codec.url],
        ['--codec-auth', `Bearer ${token}`],
      ];
      expect(await show(...endpoint, ...auth)).toContain('train.csv');
      await expect(show(...endpoint)).rejects.toThrow();
    }, 60_000);
  },
);
