import { robertaProcessor } from './byte-level.js';
import type { Recipe } from './recipe.js';
import { defaultNames, fairseqNames } from './contract.js';
import { otherModel } from './other-model.js';
import { strippingMask } from './tokens-to-add.js';
import { isPieceList, type TokenizerJson } from './tokenizer-json.js';
import { bertNormalization, bertPreparation, wordPieceModel } from './wordpiece.js';

/** Classes of transformers over a WordPiece vocabulary. */

export const bert: Recipe = {
  names: defaultNames,
  frame: ['cls_token', 'sep_token'],
  model: wordPieces,
  preparation: (settings) => bertPreparation(bertNormalization(settings)),
};

/** BERT's preparation within RoBERTa's frame. */
export const mpnet: Recipe = {
  names: { ...fairseqNames, unk_token: defaultNames['unk_token'] as string },
  byName: strippingMask,
  frame: ['cls_token', 'sep_token'],
  processor: robertaProcessor,
  model: wordPieces,
  preparation: (settings) => bertPreparation(bertNormalization(settings)),
};

function wordPieces(where: string, { model }: TokenizerJson, unk: string): object {
  if (!['WordPiece', undefined].includes(model.type)) throw otherModel(where, 'WordPiece', model.type);
  const { vocab } = model;
  return wordPieceModel(
    isPieceList(vocab) ? Object.fromEntries(vocab.map(([token], id) => [token, id])) : vocab,
    unk,
  );
}
