import { InputFault } from '../../errors/fault.js';

/**
 * How transformers makes a tokenizer of a folder. `library`: of `tokenizer.json` as it is. The others
 * take the vocabulary alone from the files and make the rest anew, as their settings say.
 */
export type TokenizerClass = 'bert' | 'deberta-v2' | 'xlm-roberta' | 'library';

const classes: Readonly<Record<string, TokenizerClass>> = {
  BertTokenizer: 'bert',
  ConvBertTokenizer: 'bert',
  DistilBertTokenizer: 'bert',
  ElectraTokenizer: 'bert',
  MobileBertTokenizer: 'bert',
  SqueezeBertTokenizer: 'bert',
  DebertaV2Tokenizer: 'deberta-v2',
  XLMRobertaTokenizer: 'xlm-roberta',
  PreTrainedTokenizer: 'library',
  TokenizersBackend: 'library',
};

/** Where `tokenizer_class` is nowhere. */
const classOfModel: Readonly<Record<string, TokenizerClass>> = { bert: 'bert', 'deberta-v2': 'deberta-v2' };

/**
 * @param settings `tokenizer_config.json` @param model `config.json`
 * @returns undefined where neither says anything
 * @throws InputFault for a class that is made in a way of its own
 */
export function chooseClass(
  where: string,
  settings: Readonly<Record<string, unknown>>,
  model: Readonly<Record<string, unknown>>,
): TokenizerClass | undefined {
  const name = settings['tokenizer_class'] ?? model['tokenizer_class'];
  if (name === undefined || name === null) return classOfModel[String(model['model_type'])];
  const chosen = typeof name === 'string' ? classes[name.replace(/Fast$/, '')] : undefined;
  if (chosen !== undefined) return chosen;
  throw new InputFault({
    where,
    what: 'tokenizer_class is not supported',
    expected: `one of ${Object.keys(classes).join(', ')}`,
    found: JSON.stringify(name).slice(0, 80),
    remedy: 'Set it to PreTrainedTokenizerFast where tokenizer.json is to be run as it is.',
  });
}
