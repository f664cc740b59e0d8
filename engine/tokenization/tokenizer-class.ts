import { InputFault } from '../../errors/fault.js';

/**
 * How transformers makes a tokenizer of a folder. `library`: of `tokenizer.json` as it is. The others
 * take the vocabulary alone from the files and make the rest anew, as their settings say.
 */
export type TokenizerClass =
  | 'albert'
  | 'bert'
  | 'camembert'
  | 'deberta'
  | 'deberta-v2'
  | 'mpnet'
  | 'roberta'
  | 'xlm-roberta'
  | 'library';

const classes: Readonly<Record<string, TokenizerClass>> = {
  AlbertTokenizer: 'albert',
  BertTokenizer: 'bert',
  CamembertTokenizer: 'camembert',
  ConvBertTokenizer: 'bert',
  DistilBertTokenizer: 'bert',
  ElectraTokenizer: 'bert',
  MobileBertTokenizer: 'bert',
  SqueezeBertTokenizer: 'bert',
  DebertaTokenizer: 'deberta',
  DebertaV2Tokenizer: 'deberta-v2',
  MPNetTokenizer: 'mpnet',
  RobertaTokenizer: 'roberta',
  XLMRobertaTokenizer: 'xlm-roberta',
  PreTrainedTokenizer: 'library',
  TokenizersBackend: 'library',
};

/** Where `tokenizer_class` is nowhere. */
const classOfModel: Readonly<Record<string, TokenizerClass>> = {
  albert: 'albert',
  bert: 'bert',
  camembert: 'camembert',
  deberta: 'deberta',
  'deberta-v2': 'deberta-v2',
  distilbert: 'bert',
  electra: 'bert',
  mpnet: 'mpnet',
  roberta: 'roberta',
  'xlm-roberta': 'xlm-roberta',
};

/** By `model_type` or `model_name`: their checkpoints name a class that is not theirs, as transformers knows. */
const libraryModels: readonly unknown[] = ['modernbert', 'camembertv2-base'];

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
  if ([model['model_type'], model['model_name']].some((name) => libraryModels.includes(name)))
    return 'library';
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
