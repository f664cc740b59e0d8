import { buildGoProgram } from '../go-module.js';
import { buildableVersion, cachedServer } from './release.js';

/**
 * Builds the server with Go from the sources that Go's own checksum database vouches for. Takes some
 * three minutes on two processors.
 *
 * @returns the executable's path
 * @throws Error with the reason, in one clause
 */
export function buildServer(signal?: AbortSignal): Promise<string> {
  const module = { package: 'github.com/temporalio/cli/cmd/temporal', version: buildableVersion };
  return buildGoProgram(module, cachedServer(process.env, buildableVersion), signal);
}
