import { InputFault } from '../../errors/fault.js';

/** A `tokenizer.json` with a model that its class is not made of. */
export function otherModel(where: string, expected: string, found: string | undefined): InputFault {
  return new InputFault({
    where,
    what: "the model of tokenizer.json is not of tokenizer_class's kind",
    expected,
    found: found ?? 'another',
    remedy:
      'Set tokenizer_class of tokenizer_config.json to PreTrainedTokenizerFast to run the file as it is.',
  });
}
