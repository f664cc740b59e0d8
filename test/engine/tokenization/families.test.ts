import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseModelFiles } from '../../../engine/checkpoint/model-files.js';
import { loadTokenizer, type Tokenizer } from '../../../engine/tokenization/tokenizer.js';
import { InputFault } from '../../../errors/fault.js';

const goldens = join(import.meta.dirname, '../../golden/tokenizers/families');

interface Case {
  readonly family: string;
  /** By name in the folder, the golden's file. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, object>>;
  /** Raised by transformers. */
  readonly error?: string;
  /** Highest id + 1. */
  readonly size: number;
  readonly named: Readonly<Record<'pad' | 'unk', number | null>>;
  readonly ids: readonly (readonly number[])[];
}

type Kind = 'all' | 'few';

/** What test/golden/tokenizers/families/generate.py writes. */
const golden = JSON.parse(readFileSync(join(goldens, 'cases.json'), 'utf8')) as {
  readonly texts: Readonly<Record<Kind, readonly string[]>>;
  readonly lengths: Readonly<Record<Kind, number>>;
  readonly cases: Readonly<Record<Kind, readonly Case[]>>;
};

const root = mkdtempSync(join(tmpdir(), 'tokenizer-families-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folderOf({ family, files, settings }: Pick<Case, 'family' | 'files' | 'settings'>): string {
  const folder = mkdtempSync(join(root, 'case-'));
  for (const [name, source] of Object.entries(files)) copyFileSync(join(goldens, source), join(folder, name));
  const config = { model_type: family, ...settings['config.json'] };
  for (const [name, content] of Object.entries({ ...settings, 'config.json': config }))
    writeFileSync(join(folder, name), JSON.stringify(content));
  return folder;
}

async function idsOf(tokenizer: Tokenizer, kind: Kind): Promise<number[][]> {
  return (await tokenizer.encode(golden.texts[kind], golden.lengths[kind])).map((ids) => [...ids]);
}

/** As the export writes it, for whoever loads that. */
async function exported(tokenizer: Tokenizer, maxLength: number): Promise<Tokenizer> {
  const folder = mkdtempSync(join(root, 'export-'));
  const files = tokenizer.files({ maxLength, inputNames: ['input_ids', 'attention_mask'] });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return loadTokenizer(folder);
}

const title = ({ family, files, settings }: Case): string =>
  `${family} of ${Object.keys(files).join(' and ')}${Object.keys(settings).length > 0 ? ` with ${JSON.stringify(settings)}` : ''}`;

function titled(kind: Kind): (readonly [string, Case])[] {
  return golden.cases[kind].map((one) => [title(one), one] as const);
}

describe.each<Kind>(['all', 'few'])(
  "the tokenizers of the families give the ids of transformers' (%s)",
  (kind) => {
    const texts = golden.texts[kind];

    it.each(titled(kind).filter(([, { error }]) => error === undefined))('%s', async (_, one) => {
      const tokenizer = await loadTokenizer(folderOf(one));
      const ids = await idsOf(tokenizer, kind);
      expect(texts.map((text, i) => [text, ids[i]])).toEqual(texts.map((text, i) => [text, one.ids[i]]));
      expect(tokenizer.vocabularySize).toBe(one.size);
      expect(tokenizer.padId).toBe(one.named.pad ?? tokenizer.padId);
      expect(tokenizer.unkId).toBe(one.named.unk ?? tokenizer.unkId);
      expect([tokenizer.clsId, tokenizer.sepId]).toEqual(one.ids[texts.indexOf('')]);
      const again = await exported(tokenizer, golden.lengths[kind]);
      expect(await idsOf(again, kind)).toEqual(ids);
      expect(again.vocabularySize).toBe(one.size);
    });
  },
);

describe('a folder with vocab.json', () => {
  const files = { 'vocab.json': 'roberta-vocab', 'merges.txt': 'merges' };
  const merges = readFileSync(join(goldens, 'merges'), 'utf8');
  const withFile = (name: string, content: string | Uint8Array): string => {
    const folder = folderOf({ family: 'roberta', files, settings: {} });
    writeFileSync(join(folder, name), content);
    return folder;
  };

  it('is read with lines that end as on Windows', async () => {
    const [plain, other] = [
      withFile('merges.txt', merges),
      withFile('merges.txt', merges.replaceAll('\n', '\r\n')),
    ];
    expect(await idsOf(await loadTokenizer(other), 'few')).toEqual(
      await idsOf(await loadTokenizer(plain), 'few'),
    );
  });

  it.each<[string, string, string | Uint8Array, RegExp]>([
    ['a merge of three', 'merges.txt', `${merges}a b c\n`, /merges\.txt line \d+: the line is not a merge/],
    [
      'an empty line',
      'merges.txt',
      `#version: 0.2\n\n${merges}`,
      /merges\.txt line 2: the line is not a merge/,
    ],
    [
      'a merge of what is no token',
      'merges.txt',
      `${merges}é ☃\n`,
      /vocab\.json: the tokenizers library cannot read/,
    ],
    ['merges that are no text', 'merges.txt', Uint8Array.of(0xff, 0xfe, 0x20), /merges are not UTF-8/],
    ['no tokens', 'vocab.json', '{}', /vocab\.json: the vocabulary is empty/],
    ['an id that is none', 'vocab.json', '{"<s>": 0, "a": "b"}', /vocab\.json: the vocabulary is malformed/],
    [
      'one id for two tokens',
      'vocab.json',
      '{"<s>": 0, "a": 0}',
      /two tokens of the vocabulary have the same id/,
    ],
    ['no JSON', 'vocab.json', 'a b', /vocab\.json: the file is not valid JSON/],
  ])('is refused with %s', async (_, name, content, message) => {
    const loading = loadTokenizer(withFile(name, content));
    await expect(loading).rejects.toThrow(InputFault);
    await expect(loading).rejects.toThrow(message);
  });

  it('is refused without its merges, and by a class that is not made of it', async () => {
    const alone = folderOf({ family: 'roberta', files: { 'vocab.json': 'roberta-vocab' }, settings: {} });
    await expect(loadTokenizer(alone)).rejects.toThrow(/no merges beside it; expected merges\.txt/);
    const other = folderOf({ family: 'albert', files, settings: {} });
    await expect(loadTokenizer(other)).rejects.toThrow(/of the kind albert is not made of vocab\.json/);
  });

  it('needs its merges wherever it is fetched from, and no other folder does', () => {
    const settings = ['config.json', 'merges.txt', 'tokenizer_config.json'];
    expect(chooseModelFiles(['vocab.json', ...settings]).settings).toEqual([
      'merges.txt',
      'tokenizer_config.json',
    ]);
    expect(chooseModelFiles(['tokenizer.json', 'vocab.json', ...settings]).settings).toEqual([
      'tokenizer_config.json',
    ]);
  });
});

describe('a SentencePiece model of fairseq', () => {
  it('is refused where it is cut short, and by a class that is not made of it', async () => {
    const files = { 'sentencepiece.bpe.model': 'fairseq.model' };
    const folder = folderOf({ family: 'xlm-roberta', files, settings: {} });
    const bytes = readFileSync(join(goldens, 'fairseq.model'));
    writeFileSync(join(folder, 'sentencepiece.bpe.model'), bytes.subarray(0, 1000));
    await expect(loadTokenizer(folder)).rejects.toThrow(InputFault);
    const other = folderOf({ family: 'albert', files, settings: {} });
    await expect(loadTokenizer(other)).rejects.toThrow(/of the kind albert is not made of sentencepiece/);
  });
});

describe('a tokenizer that transformers cannot make either', () => {
  it.each(titled('few').filter(([, { error }]) => error !== undefined))('is refused: %s', async (_, one) => {
    await expect(loadTokenizer(folderOf(one))).rejects.toThrow(InputFault);
  });
});
