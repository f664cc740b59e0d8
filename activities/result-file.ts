import { readFile, stat } from 'node:fs/promises';
import { InputFault } from '../errors/fault.js';
import { inWords } from '../errors/system-codes.js';
import type { RunResult } from '../report/run-result.js';
import { errorCode } from '../store/faults.js';
import { resultSchema } from './result-schema.js';

/** Of a thousand labels and as many folds with all their epochs; a larger file is not one of ours. */
const maxBytes = 64 * 1024 * 1024;

/**
 * The result in a file; null where there is no such file, as of a run that has not completed, or whose
 * pipeline has no report.
 *
 * @throws InputFault for a file that cannot be read, or is no result
 */
export async function readResultFile(path: string): Promise<RunResult | null> {
  const text = await readBounded(path);
  return text === null ? null : parseResult(text, path);
}

/** @throws InputFault where the text is not a run's result; it names the first thing that is wrong */
export function parseResult(text: string, where: string): RunResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notOurs(where, 'something that is no JSON');
  }
  const parsed = resultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.slice(0, 4).join('.') ?? '';
  throw notOurs(where, `${field === '' ? 'at its root' : field}: ${(issue?.message ?? '').slice(0, 200)}`);
}

async function readBounded(path: string): Promise<string | null> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) throw notOurs(path, 'no file');
    if (facts.size > maxBytes) throw notOurs(path, `${facts.size} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === undefined) throw error;
    throw new InputFault({ where: path, what: 'the result of the run cannot be read', found: inWords(code) });
  }
}

function notOurs(where: string, found: string): InputFault {
  return new InputFault({
    where,
    what: 'this is not the result of a run',
    found,
    expected: 'the result.json that a run of this version of foldwise wrote',
  });
}
