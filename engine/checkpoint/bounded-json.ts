import { readFile, stat } from 'node:fs/promises';
import { InputFault } from '../../errors/fault.js';

/** A JSON object of a checkpoint: not executed, not trusted, at most `maxBytes` long. */
export async function readJsonObject(path: string, maxBytes: number): Promise<Record<string, unknown>> {
  return parseJsonObject(path, await readBoundedFile(path, maxBytes));
}

/** The file's bytes; missing, unreadable or longer than `maxBytes` is an `InputFault`. */
export async function readBoundedFile(path: string, maxBytes: number): Promise<Buffer> {
  const bytes = await stat(path).then(
    (status) => (status.isFile() ? status.size : undefined),
    () => undefined,
  );
  if (bytes === undefined) throw new InputFault({ where: path, what: 'the file is missing' });
  if (bytes > maxBytes) {
    throw new InputFault({
      where: path,
      what: 'the file is too large to be what its name says',
      expected: `at most ${maxBytes} bytes`,
      found: `${bytes}`,
    });
  }
  return readFile(path).catch((cause: unknown) => {
    throw new InputFault({ where: path, what: 'the file cannot be read' }, { cause });
  });
}

export function parseJsonObject(where: string, text: Uint8Array | string): Record<string, unknown> {
  const value = parse(where, text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputFault({ where, what: 'the JSON is not an object' });
  }
  return value as Record<string, unknown>;
}

function parse(where: string, text: Uint8Array | string): unknown {
  try {
    return JSON.parse(
      typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text),
    );
  } catch (cause) {
    throw new InputFault(
      { where, what: 'the file is not valid JSON', remedy: 'Download or copy the checkpoint again.' },
      { cause },
    );
  }
}
