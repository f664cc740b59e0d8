import { deberta, roberta } from './byte-level.js';
import type { Recipe } from './recipe.js';
import type { TokenizerClass } from './tokenizer-class.js';
import { albert, camembert, debertaV2, xlmRoberta } from './unigram-classes.js';
import { bert, mpnet } from './wordpiece-classes.js';

/** By what `tokenizer_class` comes to. */
export const recipes: Readonly<Record<Exclude<TokenizerClass, 'library'>, Recipe>> = {
  albert,
  bert,
  camembert,
  deberta,
  'deberta-v2': debertaV2,
  mpnet,
  roberta,
  'xlm-roberta': xlmRoberta,
};
