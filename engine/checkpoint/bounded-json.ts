import { InputFault } from '../../errors/fault.js';
import { readBoundedFile } from './regular-file.js';

/** No file of a model nests deeper, and what is nested deeper cannot be worked on without a stack's end. */
const maxDepth = 100;

/** A JSON object of a checkpoint: not executed, not trusted, at most `maxBytes` long. */
export async function readJsonObject(path: string, maxBytes: number): Promise<Record<string, unknown>> {
  return parseJsonObject(path, await readBoundedFile(path, maxBytes));
}

export function parseJsonObject(where: string, text: Uint8Array | string): Record<string, unknown> {
  const value = parseJson(where, text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputFault({ where, what: 'the JSON is not an object' });
  }
  return value as Record<string, unknown>;
}

/** @throws InputFault for what is not JSON in UTF-8, or nested too deeply */
export function parseJson(where: string, json: Uint8Array | string): unknown {
  let text: string;
  let value: unknown;
  try {
    text =
      typeof json === 'string'
        ? json
        : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputFault(
      { where, what: 'the file is not valid JSON', remedy: 'Download or copy the checkpoint again.' },
      { cause },
    );
  }
  if (depthOf(text) <= maxDepth) return value;
  throw new InputFault({
    where,
    what: 'the JSON is nested too deeply',
    expected: `at most ${maxDepth} levels`,
  });
}

/** Of valid JSON: brackets outside of strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quoted && code === backslash) at += 1;
    else if (code === quote) quoted = !quoted;
    else if (quoted) continue;
    else if (code === brace || code === bracket) deepest = Math.max(deepest, ++depth);
    else if (code === brace + 2 || code === bracket + 2) depth -= 1;
  }
  return deepest;
}

const quote = 0x22;
const backslash = 0x5c;
/** Their closing twins are two further. */
const bracket = 0x5b;
const brace = 0x7b;
