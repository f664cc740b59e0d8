import {
  loadClientConfigProfile,
  toClientOptions,
  type ClientConfigProfile,
  type ClientConnectConfig,
} from '@temporalio/envconfig';
import { InputFault } from '../../errors/fault.js';
import { namespace as defaultNamespace } from './probe.js';

/** What a connection needs beside an address: TLS, keys and the like. */
export type ServerAccess = Omit<ClientConnectConfig['connectionOptions'], 'address'>;

/** A server that the environment or one of Temporal's profiles names. */
export interface ConfiguredServer {
  readonly address: string;
  readonly namespace: string;
  readonly access: ServerAccess;
}

const settings = "the settings of the Temporal server (TEMPORAL_… variables, or a profile of Temporal's)";

/**
 * The one reader of Temporal's settings: all that connects does by them.
 *
 * @returns null where they name no server
 * @throws InputFault for settings that cannot hold; never quoting them, as there are keys among them
 */
export function configuredServer(): ConfiguredServer | null {
  const { profile, options } = loaded();
  const { address, ...access } = options.connectionOptions;
  if (address === undefined) return null;
  requireWholePair(profile);
  return { address, namespace: options.namespace ?? defaultNamespace, access };
}

function loaded(): { profile: ClientConfigProfile; options: ClientConnectConfig } {
  try {
    const profile = loadClientConfigProfile();
    return { profile, options: toClientOptions(profile) };
  } catch (error) {
    const { code, path } = error as { code?: unknown; path?: unknown };
    if (typeof code === 'string' && typeof path === 'string')
      throw new InputFault({
        where: settings,
        what: 'a file that they name cannot be read',
        found: `${code}: ${path}`,
      });
    throw new InputFault({
      where: settings,
      what: 'they cannot be read',
      expected: 'a profile that is there, in TOML as `temporal config` writes it',
      remedy:
        '`temporal config list` says which there are; TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE choose.',
    });
  }
}

/** One of the two alone would be left out without a word. */
function requireWholePair({ tls }: ClientConfigProfile): void {
  if (tls === undefined || tls.disabled === true) return;
  if ((tls.clientCert === undefined) === (tls.clientKey === undefined)) return;
  throw new InputFault({
    where: settings,
    what: 'a client certificate and its key go together',
    found: tls.clientCert === undefined ? 'a key alone' : 'a certificate alone',
    remedy: 'Set both TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, or neither.',
  });
}
