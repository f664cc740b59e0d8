import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../../engine/tokenization/tokenizer.js';
import { InputFault } from '../../../errors/fault.js';

const goldens = join(import.meta.dirname, '../../golden/tokenizers');

interface Case {
  readonly name: string;
  readonly model: string;
  readonly base?: string;
  readonly truncation?: string;
  readonly 'vocab.txt'?: string | readonly string[];
  readonly 'spm.model'?: string;
  readonly 'config.json'?: object;
  readonly files: Readonly<Record<string, object>>;
  /** Raised by transformers. */
  readonly error?: string;
  /** Highest id + 1. */
  readonly size: number;
  readonly named: Readonly<Record<'pad' | 'unk', number | null>>;
  readonly ids: readonly (readonly number[])[];
}

interface Golden {
  readonly maxLength: number;
  readonly texts: readonly string[];
  readonly spmTexts: readonly string[];
  readonly words: readonly string[];
  readonly bases: Readonly<Record<string, object>>;
  readonly cases: readonly Case[];
}

const golden = JSON.parse(readFileSync(join(goldens, 'settings/cases.json'), 'utf8')) as Golden;

/** transformers takes them; here they are refused by name. */
const refused: readonly (readonly [RegExp, RegExp])[] = [
  [/: split special$/, /split_special_tokens/],
  [/ of class SomethingElse$/, /tokenizer_class/],
  [/^spm: split by punctuation$/, /split_by_punct/],
  [/^spm: no prefix$/, /add_prefix_space/],
  [/^library: drawn 23$/, /once it is normalised/],
];

const folders = mkdtempSync(join(tmpdir(), 'tokenizer-settings-'));
afterAll(() => rmSync(folders, { recursive: true, force: true }));

function folderOf(files: Readonly<Record<string, string>>, spm?: string): string {
  const folder = mkdtempSync(join(folders, 'case-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  if (spm !== undefined) copyFileSync(join(goldens, spm, 'spm.model'), join(folder, 'spm.model'));
  return folder;
}

function load(one: Case): Promise<Tokenizer> {
  const files: Record<string, string> = {
    'config.json': JSON.stringify({ model_type: one.model, ...one['config.json'] }),
  };
  const base = golden.bases[one.base ?? ''];
  const truncation = { direction: one.truncation, max_length: 6, strategy: 'LongestFirst', stride: 0 };
  if (base !== undefined)
    files['tokenizer.json'] = JSON.stringify(one.truncation === undefined ? base : { ...base, truncation });
  const words = one['vocab.txt'];
  if (words !== undefined)
    files['vocab.txt'] = `${(typeof words === 'string' ? golden.words : words).join('\n')}\n`;
  for (const [name, content] of Object.entries(one.files)) files[name] = JSON.stringify(content);
  return loadTokenizer(folderOf(files, one['spm.model']));
}

async function idsOf(tokenizer: Tokenizer, texts: readonly string[]): Promise<number[][]> {
  return (await tokenizer.encode(texts, golden.maxLength)).map((ids) => [...ids]);
}

const use = { maxLength: golden.maxLength, inputNames: ['input_ids', 'attention_mask'] };

/** As others read an export: `tokenizer.json` alone says how a text is prepared. */
function withoutMarker(files: Readonly<Record<string, string>>): Record<string, string> {
  const config = JSON.parse(files['tokenizer_config.json'] ?? '') as Record<string, unknown>;
  delete config['foldwise_sentencepiece'];
  return { ...files, 'tokenizer_config.json': JSON.stringify(config) };
}

const taken = golden.cases.filter(
  ({ name, error }) => error === undefined && !refused.some(([pattern]) => pattern.test(name)),
);

describe('the settings of a folder', () => {
  it('are there in hundreds of combinations', () => {
    expect(taken.length).toBeGreaterThan(380);
  });

  it.each(taken.map((one) => [one.name, one] as const))(
    "give the ids of transformers' AutoTokenizer, and so does the export: %s",
    async (_, one) => {
      const texts = one['spm.model'] === undefined ? golden.texts : golden.spmTexts;
      const tokenizer = await load(one);
      const ids = await idsOf(tokenizer, texts);
      expect(texts.map((text, i) => [text, ids[i]])).toEqual(texts.map((text, i) => [text, one.ids[i]]));
      expect(tokenizer.vocabularySize).toBe(one.size);
      expect(tokenizer.padId).toBe(one.named.pad ?? tokenizer.padId);
      expect([tokenizer.clsId, tokenizer.sepId]).toEqual(one.ids[texts.indexOf('')]);
      if (one.named.unk !== null) expect(tokenizer.unkId).toBe(one.named.unk);
      for (const files of [tokenizer.files(use), withoutMarker(tokenizer.files(use))]) {
        const again = await loadTokenizer(folderOf(files));
        expect(await idsOf(again, texts)).toEqual(ids);
        expect(again.vocabularySize).toBe(one.size);
      }
    },
  );

  it.each(
    golden.cases.filter(({ error }) => error !== undefined).map((one) => [one.name, one.error, one] as const),
  )('that transformers refuses are refused: %s (%s)', async (_, __, one) => {
    await expect(load(one)).rejects.toThrow(InputFault);
  });

  it.each(refused.map(([pattern, message]) => [String(pattern), pattern, message] as const))(
    'that are not followed are refused by name: %s',
    async (_, pattern, message) => {
      const cases = golden.cases.filter(({ name }) => pattern.test(name));
      expect(cases.length).toBeGreaterThan(0);
      for (const one of cases) {
        const fault = await load(one).catch((error: unknown) => error);
        expect(fault).toBeInstanceOf(InputFault);
        expect((fault as InputFault).message).toMatch(message);
      }
    },
  );
});
