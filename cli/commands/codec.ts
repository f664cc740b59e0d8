import type { Command } from 'commander';
import { printsJson } from '../options.js';
import { origin, port } from '../serve/options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise codec`: decrypts payloads for the Web UI and the `temporal` command, until Ctrl-C. */
export function addCodec(program: Command, console: Console): void {
  const command = program
    .command('codec')
    .summary('show encrypted payloads in the Web UI')
    .description(
      'Answers as a codec server, until Ctrl-C: encrypts and decrypts payloads for the Web UI and the `temporal` command by the keys of FOLDWISE_ENCRYPTION_KEYS_FILE. docs/security.md has the settings of both.',
    )
    .option('--host <address>', 'listen there', '127.0.0.1')
    .option('--port <number>', 'listen there; 0 is any that is free', port, 8081)
    .option('--origin <origin...>', 'answer pages of these, as in http://localhost:8233', origins)
    .option(
      '--token-file <file>',
      `answer only who bears the token in this file (or in FOLDWISE_CODEC_TOKEN)`,
    )
    .option('--tls-cert <file>', 'speak TLS, with this certificate and its chain, in PEM')
    .option('--tls-key <file>', 'the key of the certificate, in PEM')
    .option('--insecure', 'listen beyond this machine without token or TLS, as behind a proxy that has both')
    .option('--log-requests', 'note each request; nothing of what it was about');
  printsJson(command)
    .addHelpText(
      'after',
      `
Examples:
  foldwise codec --origin http://localhost:8233
  temporal workflow show --detailed --workflow-id ID --codec-endpoint http://localhost:8081`,
    )
    .action(whenRun(console, async () => (await import('../actions/codec.js')).codec));
}

function origins(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, origin(text)];
}
