import { InputFault } from '../../errors/fault.js';
import type { Recipe } from './recipe.js';
import { debertaNames, fairseqNames } from './contract.js';
import { otherModel } from './other-model.js';
import type { TokenizerSettings } from './settings.js';
import { isPieceList, type TokenizerJson } from './tokenizer-json.js';

/** Classes of transformers over byte-pair encoding of bytes (Radford et al. 2019). */

export const roberta: Recipe = {
  names: fairseqNames,
  frame: ['cls_token', 'sep_token'],
  processor: robertaProcessor,
  model: bytePairs,
  preparation,
};

export const deberta: Recipe = {
  names: debertaNames,
  frame: ['cls_token', 'sep_token'],
  model: bytePairs,
  preparation,
};

/** `<s> A </s>`, and a pair as `<s> A </s></s> B </s>`. */
export function robertaProcessor(cls: [string, number], sep: [string, number]): Record<string, unknown> {
  return { type: 'RobertaProcessing', sep, cls, trim_offsets: true, add_prefix_space: false };
}

function preparation(settings: TokenizerSettings): Record<string, unknown> {
  const bytes = {
    type: 'ByteLevel',
    add_prefix_space: settings.flag('add_prefix_space', false),
    trim_offsets: true,
    use_regex: true,
  };
  return { normalizer: null, pre_tokenizer: bytes, decoder: bytes };
}

function bytePairs(where: string, { model }: TokenizerJson): object {
  const { type, vocab, merges } = model;
  if ((type ?? 'BPE') !== 'BPE' || isPieceList(vocab)) throw otherModel(where, 'BPE', type);
  if (merges === undefined) throw new InputFault({ where, what: 'the vocabulary has no merges' });
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: '',
    end_of_word_suffix: '',
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab,
    merges,
  };
}

/**
 * The pairs of a `merges.txt`, one a line in order of precedence, below a line with the version.
 *
 * @throws InputFault for a line that is no pair
 */
export function mergesOf(where: string, text: string): [string, string][] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.flatMap((line, index): [string, string][] => {
    if (line.startsWith('#version')) return [];
    const [left, right, ...more] = line.split(' ');
    if (left === undefined || right === undefined || more.length > 0) {
      throw new InputFault({
        where: `${where} line ${index + 1}`,
        what: 'the line is not a merge',
        expected: 'two tokens with one space between them',
        remedy: 'Download or copy the checkpoint again.',
      });
    }
    return [[left, right]];
  });
}
