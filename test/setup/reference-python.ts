import { spawnSync } from 'node:child_process';

/** The Python that others' libraries are asked in. */
export const python = process.env['FOLDWISE_PYTHON'] ?? 'python3';
export const noPython = spawnSync(python, ['-c', 'import onnxruntime, transformers']).status !== 0;
export const withoutPython = noPython ? ' (skipped: no onnxruntime and transformers in FOLDWISE_PYTHON)' : '';
