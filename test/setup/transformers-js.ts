import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A folder in whose `node_modules` transformers.js is; it brings half a gigabyte, so it is no dependency. */
export const place = resolve(process.env['FOLDWISE_TRANSFORMERS_JS'] ?? '.');
export const noBrowserLibrary = !existsSync(join(place, 'node_modules/@huggingface/transformers'));
export const withoutLibrary = noBrowserLibrary
  ? ' (skipped: no @huggingface/transformers in FOLDWISE_TRANSFORMERS_JS)'
  : '';
