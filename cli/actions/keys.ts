import { randomBytes } from 'node:crypto';
import { newKeyLine } from '../../payloads/encryption-keys.js';
import type { GlobalOptions } from '../options.js';
import type { Console } from '../terminal/console.js';

export function newKey(console: Console, _options: GlobalOptions, name: string | undefined): void {
  console.print(newKeyLine(name ?? randomBytes(4).toString('hex')));
}
