import { once } from 'node:events';
import { createSecureContext } from 'node:tls';
import { InputFault } from '../../errors/fault.js';
import { encryptedPayloads } from '../../payloads/encrypted-payloads.js';
import { keysFileVariable, readEncryptionKeys } from '../../payloads/encryption-keys.js';
import { CodecServer } from '../../serving/codec/codec-server.js';
import type { ServerCertificate } from '../../serving/listener.js';
import { codecHostSchema } from '../facts/hosts.js';
import { onInterrupt } from '../host/interrupt.js';
import { readSmallFile } from '../input/small-file.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { isLoopback, requireAddress } from '../serve/address.js';
import { readToken, requireToken } from '../serve/token-file.js';
import { printJson, type Console } from '../terminal/console.js';

interface CodecOptions extends GlobalOptions, JsonOption {
  readonly host: string;
  readonly port: number;
  readonly origin?: readonly string[];
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure?: boolean;
  readonly logRequests?: boolean;
}

const tokenVariable = 'FOLDWISE_CODEC_TOKEN';

/** Bytes of a certificate with its chain, and of a key. */
const mostOfCertificate = 2 ** 20;

/** How long what was asked may take once it ends. */
const drainMs = 10_000;

export async function codec(console: Console, options: CodecOptions): Promise<void> {
  const { host, origin: given = [] } = options;
  requireAddress(host);
  const keys = readEncryptionKeys();
  if (keys === null)
    throw new InputFault({
      where: keysFileVariable,
      what: 'there are no encryption keys, so there is nothing to decrypt with',
      remedy: 'Set it to the file of the keys that the workers have; `foldwise keys new` makes one.',
    });
  const token = await tokenOf(options);
  const certificate = await certificateOf(options);
  if (keys.warning !== null) console.note(`warning: ${keys.warning}`);
  if (isLoopback(host)) {
    if (token === undefined)
      console.note(
        'warning: without a token (--token-file) every user of this machine can have payloads decrypted',
      );
  } else requireProtected(options, token, certificate);
  const server = await CodecServer.listen({
    host,
    port: options.port,
    codec: encryptedPayloads(keys),
    origins: given,
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(options.logRequests === true
      ? {
          onRequest: ({ endpoint, method, status, payloads }) =>
            console.note(`${method} ${endpoint}: ${status}, ${payloads} payloads`),
        }
      : {}),
    // What was not foreseen may quote anything.
    onFault: (fault) => console.note(`not foreseen: ${fault instanceof Error ? fault.name : typeof fault}`),
  });
  const interrupt = onInterrupt(
    () => console.note('Ending: what was asked is answered. Once more ends at once.'),
    () => undefined,
  );
  const { url } = server;
  if (options.json === true)
    printJson(console, codecHostSchema, { url, keys: [...keys.byId.keys()], origins: [...given] });
  else
    console.print(
      `${url}: a codec server with the keys ${[...keys.byId.keys()].join(', ')}; Ctrl-C ends it.`,
    );
  try {
    if (!interrupt.signal.aborted) await once(interrupt.signal, 'abort');
  } finally {
    await server.stop(drainMs);
    interrupt.close();
  }
}

async function tokenOf({ tokenFile }: CodecOptions): Promise<string | undefined> {
  if (tokenFile !== undefined) return readToken(tokenFile);
  const given = process.env[tokenVariable] ?? '';
  return given === '' ? undefined : requireToken(given, tokenVariable);
}

async function certificateOf({ tlsCert, tlsKey }: CodecOptions): Promise<ServerCertificate | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new InputFault({
      where: '--tls-cert and --tls-key',
      what: 'a certificate and its key go together',
      remedy: 'Give both, or neither.',
    });
  const certificate = {
    cert: await readSmallFile(tlsCert, '--tls-cert', mostOfCertificate),
    key: await readSmallFile(tlsKey, '--tls-key', mostOfCertificate),
  };
  try {
    createSecureContext(certificate);
  } catch (error) {
    throw new InputFault(
      {
        where: `${tlsCert} and ${tlsKey}`,
        what: 'they are no certificate with its key',
        expected: 'both in PEM, the key without a passphrase',
      },
      { cause: error },
    );
  }
  return certificate;
}

function requireProtected(
  { host, insecure }: CodecOptions,
  token: string | undefined,
  certificate: ServerCertificate | undefined,
): void {
  if (insecure === true) return;
  const missing = [
    ...(token === undefined ? ['a token (--token-file)'] : []),
    ...(certificate === undefined ? ['TLS (--tls-cert, --tls-key)'] : []),
  ];
  if (missing.length === 0) return;
  throw new InputFault({
    where: `--host ${host}`,
    what: `a codec server that others reach gives them everything that is encrypted; it needs ${missing.join(' and ')}`,
    remedy: 'Give them, or --insecure where a proxy before it sees to both.',
  });
}
