import { InvalidArgumentError, type Command } from 'commander';
import { isKeyId } from '../../payloads/encryption-keys.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise keys …`: what payloads are encrypted with. */
export function addKeys(program: Command, console: Console): void {
  const keys = program.command('keys').summary('keys that payloads are encrypted with');
  keys
    .command('new')
    .summary('print a new encryption key')
    .description(
      'Prints a new key of AES-256 as a line of the file that FOLDWISE_ENCRYPTION_KEYS_FILE names. The first key of the file encrypts, all decrypt. docs/security.md has the steps of a rotation.',
    )
    .argument('[name]', 'how the key is called, which stands in the clear (default: one at random)', keyName)
    .addHelpText(
      'after',
      `
Example:
  (umask 077; foldwise keys new 2026-11 > keys.txt)
  export FOLDWISE_ENCRYPTION_KEYS_FILE=$PWD/keys.txt`,
    )
    .action(whenRun(console, async () => (await import('../actions/keys.js')).newKey));
}

function keyName(text: string): string {
  if (isKeyId(text)) return text;
  throw new InvalidArgumentError(
    'It must be 1 to 64 letters, digits, ".", "_" and "-", the first a letter or digit.',
  );
}
