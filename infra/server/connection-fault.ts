import { once } from 'node:events';
import { connect as connectPlainly, isIP } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';
import { EnvironmentFault, type FaultDetails } from '../../errors/fault.js';
import type { ServerAccess } from './configured.js';

/** How long it is looked why a connection failed. */
const probeMs = 5_000;
/** With TLS 1.3 a server says only after the handshake that it wants a certificate. */
const afterMs = 1_500;

/** gRPC's codes for whom the server does not know, and for whom it does not let. */
const refusedCodes: readonly unknown[] = [16, 7];

type Meaning = Omit<FaultDetails, 'where'>;

/**
 * Why a server could not be connected to. What gRPC tells of it is often only that it took too long, so that the address
 * is asked once more, as TLS alone.
 */
export async function connectionFault(
  address: string,
  access: ServerAccess,
  error: unknown,
): Promise<EnvironmentFault> {
  const meaning = refusedMeaning(error, access) ?? (await transportMeaning(address, access));
  return new EnvironmentFault({ where: address, ...meaning }, { cause: error });
}

/** Null where the server did not answer at all. */
function refusedMeaning(error: unknown, { apiKey }: ServerAccess): Meaning | null {
  const refused = chain(error).some(
    (each) =>
      ('code' in each && refusedCodes.includes(each.code)) ||
      /\b(?:unauthenticated|permission ?denied|authentication credentials)\b/i.test(each.message),
  );
  if (!refused) return null;
  return {
    what:
      apiKey === undefined || apiKey === null
        ? 'the Temporal server asks for an API key'
        : 'the Temporal server does not take the API key',
    remedy: 'Set TEMPORAL_API_KEY, or `api_key` of the profile, to one that may use the namespace.',
  };
}

async function transportMeaning(address: string, access: ServerAccess): Promise<Meaning> {
  const { tls } = access;
  const [host, port] = hostAndPort(address);
  const away = {
    what: 'the Temporal server cannot be reached',
    remedy: 'Check that it runs and that TEMPORAL_ADDRESS names it, or start one with `foldwise dev`.',
  };
  if (!(await listens(host, port))) return away;
  if (tls === undefined || tls === null || tls === false) {
    const remedy = `${away.remedy} Where it speaks TLS, set TEMPORAL_TLS=true, or an API key.`;
    return { ...away, found: 'something listens there that gives no answer in the clear', remedy };
  }
  const code = await tlsFault({ host, port, ...tlsOptions(host, tls) });
  return code === null ? away : tlsMeaning(code);
}

function tlsOptions(host: string, tls: NonNullable<ServerAccess['tls']>): ConnectionOptions {
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = typeof tls === 'object' ? tls : {};
  const { crt, key } = clientCertPair ?? {};
  const servername = serverNameOverride ?? (isIP(host) === 0 ? host : undefined);
  return {
    ...(servername === undefined ? {} : { servername }),
    ALPNProtocols: ['h2'],
    ...(serverRootCACertificate == null ? {} : { ca: Buffer.from(serverRootCACertificate) }),
    ...(crt == null || key == null ? {} : { cert: Buffer.from(crt), key: Buffer.from(key) }),
  };
}

/** The code of what goes wrong with TLS at an address; null where nothing does. */
async function tlsFault(options: ConnectionOptions): Promise<string | null> {
  let socket;
  try {
    // A key that is none throws at once.
    socket = connect(options);
    const failed = once(socket, 'error').then(([error]) => codeOf(error));
    const secure = once(socket, 'secureConnect').then(() => within(afterMs, failed, null));
    return await within(probeMs, Promise.race([failed, secure]), null);
  } catch (error) {
    return codeOf(error);
  } finally {
    socket?.on('error', () => undefined).destroy();
  }
}

function tlsMeaning(code: string): Meaning {
  if (/CERT_HAS_EXPIRED|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|ERR_TLS_CERT_ALTNAME_INVALID|CERT_/.test(code))
    return {
      what: "the Temporal server's certificate is not trusted",
      found: code,
      remedy:
        'Name the authority that issued it by TEMPORAL_TLS_SERVER_CA_CERT_PATH, and the name in it by TEMPORAL_TLS_SERVER_NAME where that is not the host of the address.',
    };
  if (/ALERT|ECONNRESET|EPIPE/.test(code) && !/WRONG_VERSION/.test(code))
    return {
      what: 'the Temporal server asks for a client certificate that it trusts',
      found: code,
      remedy: 'Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.',
    };
  if (/WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST/.test(code))
    return {
      what: 'the Temporal server does not speak TLS',
      found: code,
      remedy: 'Check that TEMPORAL_ADDRESS names it rightly, or set TEMPORAL_TLS=false.',
    };
  return {
    what: 'no secure connection to the Temporal server comes about',
    found: code,
    remedy: 'Check TEMPORAL_ADDRESS and the settings of TLS (TEMPORAL_TLS_…).',
  };
}

async function listens(host: string, port: number): Promise<boolean> {
  const socket = connectPlainly({ host, port });
  const failed = once(socket, 'error').then(() => false);
  const reached = once(socket, 'connect').then(() => true);
  failed.catch(() => undefined);
  reached.catch(() => undefined);
  try {
    return await within(probeMs, Promise.race([failed, reached]), false);
  } catch {
    return false;
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}

/** `host:port` or `[::1]:port`; without a port Temporal's. */
function hostAndPort(address: string): [string, number] {
  const [, bracketed, plain, port = '7233'] = /^(?:\[(.+)\]|([^:]*))(?::(\d+))?$/.exec(address) ?? [];
  return [bracketed ?? plain ?? address, Number(port)];
}

async function within<T, U>(ms: number, work: Promise<T>, late: U): Promise<T | U> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<U>((resolve) => (timer = setTimeout(() => resolve(late), ms)));
  work.catch(() => undefined);
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'another fault';
}

function chain(error: unknown): Error[] {
  const errors: Error[] = [];
  for (let at: unknown = error; at instanceof Error && errors.length < 10; at = at.cause) errors.push(at);
  return errors;
}
