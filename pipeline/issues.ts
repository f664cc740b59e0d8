import { z } from 'zod';
import { nearest } from '../errors/suggestion.js';
import { familiarName } from './familiar-names.js';
import type { Path, Problem } from './problem.js';
import {
  durationPattern,
  nameMeaning,
  namePattern,
  pathPattern,
  pipelineSchema,
  stepPattern,
} from './schema.js';

type Issue = z.core.$ZodIssue;

/** What the schema found, in words, with what was found there and what was probably meant. */
export function problemsOf(issues: readonly Issue[], configuration: unknown): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, configuration));
}

function problemsOfIssue(issue: Issue, configuration: unknown): Problem[] {
  const path = issue.path as (string | number)[];
  const value = valueAt(configuration, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key));
    case 'invalid_key':
      return [
        {
          path,
          atKey: true,
          found: `the name ${describe(path.at(-1))}`,
          expected: patternMeaning(issue.issues[0]),
        },
      ];
    case 'invalid_value': {
      const words = issue.values.map(String);
      const suggestion = typeof value === 'string' ? nearest(value, words) : undefined;
      const expected = words.length === 1 ? words[0]! : `one of ${words.join(', ')}`;
      return [
        { path, found: describe(value), expected, ...(suggestion === undefined ? {} : { suggestion }) },
      ];
    }
    case 'invalid_union': {
      const inner = issuesWithin(issue);
      if (inner !== undefined) return problemsOf(inner, configuration);
      break;
    }
  }
  return [
    {
      path,
      found: describe(value),
      expected: listExpected(path, configuration) ?? expectation(issue, value),
    },
  ];
}

/**
 * What is wrong within a map that is one of several forms, where it is clear which one was meant: the one whose
 * keys it has, or at least all of whose keys it has. Undefined where it is not clear.
 */
function issuesWithin({ path, errors }: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const isWithin = (issue: Issue): boolean => issue.path.length > 0;
  const isOfKeys = (issue: Issue): boolean => issue.code === 'unrecognized_keys';
  const fitting = [isWithin, (issue: Issue) => isWithin(issue) || isOfKeys(issue)].map((fits) =>
    errors.filter((issues) => issues.every(fits)),
  );
  const [meant] = fitting.find((forms) => forms.length === 1) ?? [];
  return meant?.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}

/** Several labels in one text, as of somebody who does not know YAML's lists; one of a list is a name of its own. */
function listExpected([setting, index]: Path, configuration: unknown): string | undefined {
  if (setting !== 'labels' || index !== 0 || valueAt(configuration, ['labels', 1]) !== undefined)
    return undefined;
  const value = valueAt(configuration, ['labels', 0]) ?? valueAt(configuration, ['labels']);
  if (typeof value !== 'string') return undefined;
  const names = value.split(/[,;|]/).map((name) => name.trim());
  const areNames = names.length > 1 && names.length <= 20 && names.every((name) => namePattern.test(name));
  return areNames ? `a list, as in [${names.join(', ')}]` : undefined;
}

function unknownKey(path: Path, key: string): Problem {
  const known = knownKeys(path);
  const suggestion = nearest(key, known) ?? familiarName(key, path.join('.'), settingPaths);
  return {
    path: [...path, key],
    atKey: true,
    found: 'an unknown key',
    expected: `one of ${known.join(', ')}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** What would fit in place of what an issue is about. */
export function expectation(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = typeWords[issue.expected] ?? issue.expected;
      const quotable =
        issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean');
      return quotable ? `${expected} (put it in quotes)` : expected;
    }
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_format':
      return typeof value === 'string' && endsAsNoName.test(value)
        ? 'a name that does not end in a dot or space: rename it, also in the table'
        : patternMeaning(issue);
    default:
      return issue.message;
  }
}

/** What would be a name but for its end. */
const endsAsNoName = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_ .-]{0,63}(?<=[ .])$/u;

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function amount(bound: number | bigint, origin: string): string {
  if (origin === 'array') return `${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  return origin === 'string' ? `${bound} ${bound === 1 ? 'character' : 'characters'}` : String(bound);
}

function patternMeaning(issue: Issue | undefined): string {
  const pattern = issue?.code === 'invalid_format' ? issue.pattern : undefined;
  return patternMeanings.get(pattern ?? '') ?? 'another form';
}

const patternMeanings = new Map([
  [String(namePattern), nameMeaning],
  [String(pathPattern), 'a path, without NUL characters'],
  [String(stepPattern), 'at most 64 letters, digits, - or _, with a letter first'],
  [String(durationPattern), 'a duration like 90s, 30m, 12h or 2d'],
]);

/** What stands there, short enough for one line. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  // JSON would turn .nan and .inf into null.
  const text = typeof value === 'number' ? `${value}` : JSON.stringify(value).replaceAll(unseen, escape);
  const characters = [...text];
  return characters.length > 60 ? `${characters.slice(0, 57).join('')}...` : text;
}

/** Characters that would be there and not be seen: of no width, of direction, blanks other than the usual one. */
const unseen = /(?! )[\p{Cf}\p{Z}\p{Co}\p{Cn}\u{fe00}-\u{fe0f}]/gu;

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

function valueAt(configuration: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    configuration,
  );
}

/** The keys that the schema has for the map at `path`. */
function knownKeys(path: Path): string[] {
  const schema = path.reduce<z.core.$ZodType | undefined>(
    (current, part) => (current === undefined ? undefined : memberOf(bare(current), part)),
    pipelineSchema,
  );
  const map = schema === undefined ? undefined : bare(schema);
  return map instanceof z.ZodObject ? Object.keys(map.shape) : [];
}

function memberOf(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, z.core.$ZodType>)[part];
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
}

/** The dotted paths of all settings but those of the steps. */
const settingPaths = pathsBelow(pipelineSchema, '');

function pathsBelow(schema: z.core.$ZodType, path: string): string[] {
  const map = bare(schema);
  if (!(map instanceof z.ZodObject)) return path === '' ? [] : [path];
  const inner = Object.entries(map.shape as Record<string, z.core.$ZodType>).flatMap(([key, member]) =>
    pathsBelow(member, path === '' ? key : `${path}.${key}`),
  );
  return path === '' ? inner : [path, ...inner];
}

/** The schema without what makes it optional, or lets it be null; of several forms the map. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  ) {
    return bare(schema.unwrap());
  }
  if (schema instanceof z.ZodUnion) {
    const maps = schema.options.filter((option) => option instanceof z.ZodObject);
    return maps.length === 1 ? maps[0]! : schema;
  }
  return schema;
}
