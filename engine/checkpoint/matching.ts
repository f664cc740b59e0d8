import { InputFault } from '../../errors/fault.js';
import { listed } from './listed.js';
import type { WeightReader } from './weight-reader.js';

/** A parameter of the network; its name is its checkpoint key. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** A head that a pretrained checkpoint need not have: it is then freshly initialised. */
  readonly optional?: 'new head';
  /** The part of the head that has a row for each label. */
  readonly rowPerLabel?: boolean;
  /**
   * Names, without prefix, under which a file may hold the same values, since they are tied: whoever saved
   * it may have left out either of the two.
   */
  readonly tied?: readonly string[];
}

export interface MatchedWeights {
  /** The name in the file of each expected tensor, or null where a new head is to be made. */
  readonly names: ReadonlyMap<string, string | null>;
  /** The number of labels of the file's own head, where it is another number and the head is left out. */
  readonly replacedHead: number | null;
  /** Names in the file that belong to nothing: neither to the network nor to what is known to lie beside it. */
  readonly extra: readonly string[];
}

/** How names of a file correspond to names of the network. */
export interface MatchingRules {
  /** Base-model prefixes (`bert.`) that may be absent or present on either side. */
  readonly prefixes: readonly string[];
  /** Names, without prefix, of tensors to ignore: pretraining heads, index buffers. */
  readonly ballast: readonly RegExp[];
  /** Applied in order to a file's names: `[/\.gamma$/, '.weight']`. */
  readonly renamings?: readonly (readonly [RegExp, string])[];
}

/**
 * Assigns every expected tensor its name in the file, or null where a new head is absent or was made for
 * another number of labels. All missing, mis-shaped and doubled tensors are told together in one `InputFault`;
 * what is there besides is no fault alone.
 *
 * @param where the checkpoint, for the message
 */
export function matchWeights(
  expected: readonly ExpectedTensor[],
  reader: Pick<WeightReader, 'names' | 'shape'>,
  rules: MatchingRules,
  where = 'checkpoint',
): MatchedWeights {
  const stored = new Map<string, string[]>();
  for (const name of reader.names()) {
    const key = canonical(name, rules);
    const twins = stored.get(key);
    if (twins === undefined) stored.set(key, [name]);
    else twins.push(name);
  }
  const names = new Map<string, string | null>();
  const problems = { missing: [] as string[], misshaped: [] as string[], doubled: [] as string[] };
  const extra: string[] = [];
  let replacedHead: number | null = null;
  for (const tensor of expected) {
    const key = withoutPrefix(tensor.name, rules.prefixes);
    const place = [key, ...(tensor.tied ?? [])].find((candidate) => stored.has(candidate)) ?? key;
    const [name, ...twins] = stored.get(place) ?? [];
    stored.delete(place);
    problems.doubled.push(...twins);
    names.set(tensor.name, name ?? null);
    if (name === undefined) {
      if (tensor.optional === undefined) problems.missing.push(tensor.name);
      continue;
    }
    const shape = reader.shape(name);
    if (sameShape(shape, tensor.shape)) continue;
    if (tensor.rowPerLabel === true && sameShape(shape.slice(1), tensor.shape.slice(1))) {
      replacedHead ??= shape[0] ?? 0;
    } else problems.misshaped.push(`${name} ${shapeText(shape)} instead of ${shapeText(tensor.shape)}`);
  }
  for (const [key, twins] of stored) {
    extra.push(...twins.filter((name) => !isBallast([name, key], rules.ballast)));
  }
  throwIfAny(where, problems, extra);
  if (replacedHead !== null) {
    for (const { name, rowPerLabel } of expected) if (rowPerLabel === true) names.set(name, null);
  }
  return { names, replacedHead, extra };
}

function canonical(name: string, rules: MatchingRules): string {
  const renamed = (rules.renamings ?? []).reduce((text, [from, to]) => text.replace(from, to), name);
  return withoutPrefix(renamed, rules.prefixes);
}

function withoutPrefix(name: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((candidate) => name.startsWith(candidate));
  return prefix === undefined ? name : name.slice(prefix.length);
}

function isBallast(names: readonly string[], ballast: readonly RegExp[]): boolean {
  return ballast.some((pattern) => names.some((name) => pattern.test(name)));
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** What is there besides is told with the faults: it may be what is missing, under another name. */
function throwIfAny(
  where: string,
  problems: Readonly<Record<string, readonly string[]>>,
  extra: readonly string[],
): void {
  if (Object.values(problems).every((names) => names.length === 0)) return;
  const found = Object.entries({ ...problems, unexpected: extra }).filter(([, names]) => names.length > 0);
  throw new InputFault({
    where,
    what: 'the weights do not fit the model that config.json describes',
    found: found.map(([kind, names]) => `${names.length} ${kind}: ${listed(names, 4)}`).join('; '),
    remedy:
      'Check that weights and config.json belong together and that the model family is the one named there.',
  });
}
