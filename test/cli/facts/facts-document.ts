import { z } from 'zod';
import { facts } from '../../../cli/facts/index.js';

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
}

/** docs/json-output.md: what each command prints with `--json`, made from the schemas that it is held to. */
export function factsDocument(): string {
  const sections = [...byText()].map(
    ([text, names]) => `## ${names.map((name) => `\`${name}\``).join(', ')}\n\n${text}`,
  );
  return `${head}\n\n${sections.join('\n\n')}\n`;
}

const head = `# JSON output

With \`--json\` a command prints its facts as one JSON document on standard output, and everything else on standard error. \`foldwise schema COMMAND\` prints the JSON Schema of it. A command that fails prints its message on standard error and no JSON, but for \`run\` and \`watch\`, which also print where a run that did not complete stands. \`config\` prints JSON always: the workflow's input.

This page is made from the schemas (\`npx vitest run test/cli/facts -u\`). Numbers that are not finite are null. Fields may be added in later versions.`;

/** Commands that print the same are told of once. */
function byText(): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  for (const [name, schema] of Object.entries(facts)) {
    const text = tableOf(z.toJSONSchema(schema) as Node);
    sections.set(text, [...(sections.get(text) ?? []), name]);
  }
  return sections;
}

function tableOf(node: Node): string {
  const [lead, fields] = is(node, 'array') ? ['A list of:\n\n', node.items ?? {}] : ['', node];
  const rows = rowsOf(fields, '').map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\\\|')).join(' | ')} |`,
  );
  return `${lead}${['| field | type | meaning |', '| --- | --- | --- |', ...rows].join('\n')}`;
}

function rowsOf({ properties = {} }: Node, above: string): string[][] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = `${above}${name}`;
    const inner = objectIn(node);
    const list = inner !== null && is(bare(node), 'array');
    return [
      [`\`${path}\``, typeOf(node), node.description ?? ''],
      ...(inner === null ? [] : rowsOf(inner, `${path}${list ? '[]' : ''}.`)),
    ];
  });
}

/** The object that a field holds, directly, in a list or where it is not null. */
function objectIn(node: Node): Node | null {
  const plain = bare(node);
  if (is(plain, 'array')) return plain.items === undefined ? null : objectIn(plain.items);
  return plain.properties === undefined || Object.keys(plain.properties).length === 0 ? null : plain;
}

function bare(node: Node): Node {
  return node.anyOf?.find((each) => !is(each, 'null')) ?? node;
}

function typeOf(node: Node): string {
  if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(' or ');
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  const types = [node.type ?? 'anything'].flat();
  return types.map((type) => (type === 'array' ? `list of ${typeOf(node.items ?? {})}` : type)).join(' or ');
}

function is({ type }: Node, name: string): boolean {
  return type !== undefined && [type].flat().includes(name);
}
