import { spawn } from 'node:child_process';

/**
 * Runs a campaign that was built, on servers of its own.
 *
 * @returns its exit code, and what it printed
 */
export function runCampaign(main: string, args: readonly string[]): Promise<[number | null, string]> {
  const env = { ...process.env };
  delete env['TEMPORAL_ADDRESS'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.once('error', reject);
    child.once('close', (code) => resolve([code, out]));
  });
}
