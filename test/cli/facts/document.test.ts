import { join } from 'node:path';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { factsDocument } from './facts-document.js';
import { facts } from '../../../cli/facts/index.js';
import { createProgram } from '../../../cli/program.js';
import { run } from '../capture.js';

const silent = { print: () => undefined, note: () => undefined };

describe('what commands print as JSON', () => {
  it('is documented as it is (renew it with `npx vitest run test/cli/facts -u`)', async () => {
    const path = join(import.meta.dirname, '../../../docs/json-output.md');
    const text = await format(factsDocument(), { parser: 'markdown', printWidth: 110, singleQuote: true });
    await expect(text).toMatchFileSnapshot(path);
  });

  it('has a schema for every command that takes --json, and for no other', () => {
    const named: string[] = [];
    const look = (command: ReturnType<typeof createProgram>, above: readonly string[]): void => {
      for (const each of command.commands) {
        const name = [...above, each.name()];
        if (each.options.some(({ long }) => long === '--json')) named.push(name.join(' '));
        look(each, name);
      }
    };
    look(createProgram(silent), []);
    expect(named.sort()).toEqual(Object.keys(facts).sort());
  });

  it.each(Object.keys(facts))('can be told as JSON Schema: %s', async (name) => {
    const { out } = await run('schema', ...name.split(' '));
    expect(JSON.parse(out)).toMatchObject({ $schema: expect.stringContaining('2020-12') as string });
  });

  const quickstart = 'examples/quickstart/pipeline.yaml';
  it.each([['plan', quickstart], ['doctor'], ['runs', '--workdir', '/nowhere']])(
    'is what its schema has, and nothing beside it: %s',
    async (...command) => {
      const [name = ''] = command;
      const schema = facts[name]!;
      const printed: unknown = JSON.parse((await run(...command, '--json')).out);
      expect(schema.parse(printed)).toEqual(printed);
      expect(z.toJSONSchema(schema)).toHaveProperty('type');
    },
  );
});
