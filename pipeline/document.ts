import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
  type Document,
  type Node,
} from 'yaml';
import type { LocatedProblem, Path } from './problem.js';

/** A parsed file: its plain value, and where in the text each part of it stands. */
export interface SourceDocument {
  readonly value: unknown;
  /** Faults of the YAML itself. */
  readonly problems: readonly LocatedProblem[];
  /** Whether `value` means what the text says; false after a syntax error. */
  readonly sound: boolean;
  /**
   * Where the value at `path`, or its key, stands; undefined where the file does not go that deep.
   */
  position(path: Path, atKey?: boolean): string | undefined;
}

const maxCharacters = 1024 * 1024;
const maxDepth = 32;
/** Words and marks of YAML; checking that keys are unique costs the square of their number. */
const maxLexemes = 30_000;
/** How many nodes the file's aliases may stand for. */
const maxAliases = 100;

/** How a fault names a place in the text. */
export type At = (line: number, column: number) => string;

/** Parses YAML 1.2 (and so JSON) strictly: unique keys, known tags, one document, bounded in every way. */
export function parseSource(text: string, at: At): SourceDocument {
  const unbounded = boundProblem(text, at(1, 1));
  if (unbounded !== undefined) return unusable([unbounded]);

  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const atOffset = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return at(line, col);
  };
  const problems = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    where: atOffset(pos[0]),
    path: [],
    ...(yamlFaults[code] ?? brokenYaml(code, message)),
  }));
  const sound = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  try {
    const value: unknown = document.toJS({ maxAliasCount: maxAliases });
    return { value, problems, sound, position: (path, atKey) => positionIn(document, path, atKey, atOffset) };
  } catch (error) {
    // toJS throws a ReferenceError alone: an alias without anchor, or too many of them.
    if (!(error instanceof ReferenceError)) throw error;
    const found = 'an alias that cannot be used';
    const problem = {
      where: at(1, 1),
      path: [],
      found,
      expected: `at most ${maxAliases} aliases, each of an anchor above it`,
    };
    return unusable([...problems, problem]);
  }
}

const yamlFaults: Readonly<Record<string, { found: string; expected: string }>> = {
  DUPLICATE_KEY: { found: 'a key that this map already has', expected: 'each key once' },
  MULTIPLE_DOCS: { found: 'a second YAML document', expected: 'one' },
  BAD_DQ_ESCAPE: { found: 'an unknown escape in double quotes', expected: 'single quotes, or a doubled \\' },
  BAD_SCALAR_START: { found: 'a character with which no plain text begins', expected: 'quotes around it' },
  TAG_RESOLVE_FAILED: {
    found: 'an unknown tag',
    expected: 'no tag, or quotes around a text that begins with !',
  },
  UNEXPECTED_TOKEN: { found: 'broken YAML (something is out of place)', expected: 'valid YAML' },
  TAB_AS_INDENT: { found: 'a tab as indentation', expected: 'spaces' },
};

/** Codes whose messages are the parser's own words; those of others quote the text, which may be any file's. */
const ownWords: readonly string[] = [
  'ALIAS_PROPS',
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'KEY_OVER_1024_CHARS',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'MULTIPLE_ANCHORS',
  'MULTIPLE_TAGS',
  'NON_STRING_KEY',
];

function brokenYaml(code: string, message: string): { found: string; expected: string } {
  const found = ownWords.includes(code) ? `broken YAML (${message})` : 'broken YAML';
  return { found, expected: 'valid YAML' };
}

function unusable(problems: readonly LocatedProblem[]): SourceDocument {
  return { value: undefined, problems, sound: false, position: () => undefined };
}

/** What has to be known before the parser may see the text: it recurses as deep as the text nests. */
function boundProblem(text: string, where: string): LocatedProblem | undefined {
  if (text.length > maxCharacters) {
    return { where, path: [], found: `${text.length} characters`, expected: `at most ${maxCharacters}` };
  }
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > maxLexemes) {
      return {
        where,
        path: [],
        found: 'a very long file',
        expected: `at most ${maxLexemes} words and marks`,
      };
    }
    for (const token of parser.next(lexeme)) void token;
    if (parser.stack.length > 2 * maxDepth) {
      return {
        where,
        path: [],
        found: 'lists and maps nested too deeply',
        expected: `at most ${maxDepth} levels`,
      };
    }
  }
  return undefined;
}

function positionIn(
  document: Document,
  path: Path,
  atKey: boolean | undefined,
  at: (offset: number) => string,
): string | undefined {
  let node: Node | null = document.contents;
  let key: Node | null = null;
  for (const part of path) {
    const holder: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isMap(holder)) {
      const pair = holder.items.find((item) => isScalar(item.key) && item.key.value === part);
      if (pair === undefined) return undefined;
      key = pair.key as Node;
      node = pair.value as Node | null;
    } else if (isSeq(holder) && typeof part === 'number' && part < holder.items.length) {
      node = holder.items[part] as Node | null;
      key = node;
    } else if (isScalar(holder) && part === 0) {
      // A text alone is a list of one.
      key = node;
    } else return undefined;
  }
  const offset = ((atKey ? key : node) ?? key)?.range?.[0];
  return at(offset ?? 0);
}
