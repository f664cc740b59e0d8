import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The Python that others' libraries are asked in. */
export const python = process.env['FOLDWISE_PYTHON'] ?? 'python3';
export const noPython = spawnSync(python, ['-c', 'import onnxruntime, transformers']).status !== 0;
export const withoutPython = noPython ? ' (skipped: no onnxruntime and transformers in FOLDWISE_PYTHON)' : '';

/** A folder in whose `node_modules` transformers.js is; it brings half a gigabyte, so it is no dependency. */
export const place = resolve(process.env['FOLDWISE_TRANSFORMERS_JS'] ?? '.');
export const noBrowserLibrary = !existsSync(join(place, 'node_modules/@huggingface/transformers'));
export const withoutLibrary = noBrowserLibrary
  ? ' (skipped: no @huggingface/transformers in FOLDWISE_TRANSFORMERS_JS)'
  : '';
