import { openTrainingTable } from '../../data/prepared-table.js';
import { learnVocabulary, type VocabularyOptions } from '../tokenization/vocabulary.js';

/** The `tokenizer.json` learnt from the texts of a prepared training table, which are read by ranges. */
export function learnTableVocabulary(path: string, options: VocabularyOptions): string {
  const table = openTrainingTable(path);
  function* texts(): Iterable<string> {
    for (const list of table.texts.lists()) yield* list;
  }
  try {
    return learnVocabulary(texts(), options);
  } finally {
    table.close();
  }
}
