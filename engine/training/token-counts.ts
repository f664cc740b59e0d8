import { setImmediate as breathe } from 'node:timers/promises';
import type { Texts } from '../../data/column-file/reader.js';
import { Lengths } from '../../data/hygiene/lengths.js';
import type { TableTokens, TokenCounts } from '../../data/hygiene/token-counts.js';
import { openTestTable, openTrainingTable } from '../../data/prepared-table.js';
import type { ModelUse, ScratchModel } from '../../pipeline/pipeline.js';
import { openModelFolder } from '../checkpoint/model-folder.js';
import type { Classifier } from '../models/family.js';
import { familyOf } from '../models/families.js';
import { loadTokenizer, parseTokenizer, type Tokenizer } from '../tokenization/tokenizer.js';
import { readingOf } from '../inference/reading.js';
import { scratchModel } from './scratch-model.js';

/** A local model folder, or a model from scratch with the `tokenizer.json` learnt for it. */
export type TokenizedModel = Pick<ModelUse, 'maxLength' | 'windows'> &
  ({ readonly folder: string } | { readonly scratch: ScratchModel; readonly tokenizer: string });

/** Of a larger table, so many texts at even distances are looked at. */
const mostTexts = 100_000;
/** Lengths are exact up to here, and as far as a model reads. */
const mostTokens = 65_536;
const textsAtOnce = 100;
const mostCharacters = 1 << 20;
/** Tokens that are put around a text. */
const special = 2;

/** What a model's tokenizer makes of the texts of prepared tables. @param onProgress called in between */
export async function countTokens(
  model: TokenizedModel,
  files: { readonly table: string; readonly test: string | null },
  onProgress: () => void,
): Promise<TokenCounts> {
  const { tokenizer, classifier } = await open(model);
  const { longest } = readingOf(model, classifier);
  const count = async ({ texts, close }: { texts: Texts; close: () => void }): Promise<TableTokens> => {
    try {
      return await tableTokens(tokenizer, texts, longest, onProgress);
    } finally {
      close();
    }
  };
  const train = await count(openTrainingTable(files.table));
  return { longest, train, test: files.test === null ? null : await count(openTestTable(files.test)) };
}

async function open(model: TokenizedModel): Promise<{ tokenizer: Tokenizer; classifier: Classifier }> {
  if ('scratch' in model) {
    const { classifier } = scratchModel(model.scratch, model.maxLength, 1);
    return { classifier, tokenizer: await parseTokenizer(model.tokenizer, 'the vocabulary') };
  }
  const { config, weights } = await openModelFolder(model.folder);
  await weights.close();
  return { classifier: familyOf(config).classifier(config, 1), tokenizer: await loadTokenizer(model.folder) };
}

async function tableTokens(
  tokenizer: Tokenizer,
  texts: Texts,
  longest: number,
  onProgress: () => void,
): Promise<TableTokens> {
  const lengths = new Lengths();
  const counts = { texts: 0, cut: 0, tokens: 0, unknown: 0 };
  for (const list of sample(texts)) {
    for (const ids of await tokenizer.encode(list, Math.max(mostTokens, longest) + 1)) {
      lengths.add(ids.length);
      counts.texts++;
      if (ids.length > longest) counts.cut++;
      counts.tokens += Math.max(0, ids.length - special);
      for (const id of ids) if (id === tokenizer.unkId) counts.unknown++;
    }
    onProgress();
    await breathe();
  }
  return { ...counts, lengths: lengths.summary() };
}

function* sample(texts: Texts): Iterable<string[]> {
  const step = Math.ceil(texts.length / mostTexts);
  if (step <= 1) {
    yield* texts.lists(textsAtOnce);
    return;
  }
  let [list, characters]: [string[], number] = [[], 0];
  for (let row = 0; row < texts.length; row += step) {
    const [text = ''] = texts.range(row, row + 1);
    list.push(text);
    characters += text.length;
    if (list.length < textsAtOnce && characters < mostCharacters) continue;
    yield list;
    [list, characters] = [[], 0];
  }
  if (list.length > 0) yield list;
}
