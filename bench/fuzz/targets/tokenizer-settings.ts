import { InputFault } from '../../../errors/fault.js';
import { mutateBytes, mutateJson } from '../mutations.js';
import type { FuzzTarget } from '../target.js';
import { unigram, vocabulary, wordPiece } from './tokenizer-samples.js';
import { tokenize } from './tokenizer-texts.js';

const token = (content: string): object => ({
  content,
  single_word: false,
  lstrip: true,
  rstrip: false,
  normalized: false,
  special: true,
});

/** The settings' files, by name; which there are is drawn. */
const sound: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'config.json': { model_type: 'bert' },
  'tokenizer_config.json': {
    do_lower_case: false,
    strip_accents: null,
    tokenize_chinese_chars: true,
    truncation_side: 'left',
    cls_token: '[CLS]',
    sep_token: { __type: 'AddedToken', ...token('[SEP]') },
    additional_special_tokens: ['<user>', { __type: 'AddedToken', ...token('<url>') }],
    model_max_length: 512,
    tokenizer_class: 'BertTokenizer',
  },
  'special_tokens_map.json': { mask_token: token('[MASK]'), pad_token: '[PAD]' },
  'added_tokens.json': { '<user>': 120, lazy: 121 },
};

const declared = { added_tokens_decoder: { 0: token('[PAD]'), 120: token('<user>'), 121: token('fox') } };

/** `tokenizer_config.json` and the files beside it, and what they are settings of, as one JSON object of the contents by name. */
export const tokenizerSettings: FuzzTarget = {
  name: 'tokenizer-settings',
  reads: 'tokenizer_config.json, special_tokens_map.json, added_tokens.json',
  extension: '.json',
  make(dice) {
    const files: Record<string, unknown> = { 'config.json': sound['config.json'] };
    for (const [name, content] of Object.entries(sound)) {
      if (name === 'config.json' || dice.between(0, 1) < 0.3) continue;
      const classes = [
        'BertTokenizer',
        'DebertaV2Tokenizer',
        'PreTrainedTokenizerFast',
        'XLMRobertaTokenizer',
      ];
      const more = name !== 'tokenizer_config.json' ? {} : { tokenizer_class: dice.one(classes) };
      const list = more.tokenizer_class !== undefined && dice.between(0, 1) < 0.4 ? declared : {};
      const whole = { ...content, ...more, ...list };
      files[name] = dice.between(0, 1) < 0.4 ? whole : mutateJson(dice, whole);
    }
    const kind = dice.one(['wordPiece', 'unigram', 'vocabulary'] as const);
    if (kind === 'vocabulary') files['vocab.txt'] = vocabulary.join('\n');
    else files['tokenizer.json'] = kind === 'unigram' ? unigram : wordPiece;
    const bytes = Buffer.from(JSON.stringify(files));
    return dice.between(0, 1) < 0.9 ? bytes : mutateBytes(dice, bytes);
  },
  run(input, scratch) {
    const files = Object.entries(unpack(input)).filter(([name]) => names.includes(name));
    return tokenize(
      scratch,
      Object.fromEntries(
        files.map(([name, content]) => [
          name,
          typeof content === 'string' ? content : JSON.stringify(content),
        ]),
      ),
    );
  },
};

const names = [...Object.keys(sound), 'tokenizer.json', 'vocab.txt'];

/** The wrapping is the target's own, so a broken one says nothing of foldwise. */
function unpack(input: Uint8Array): Record<string, unknown> {
  try {
    const files: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(input));
    if (typeof files === 'object' && files !== null) return files as Record<string, unknown>;
  } catch {
    // Refused below.
  }
  throw new InputFault({ where: 'the input', what: 'not the files of settings' });
}
