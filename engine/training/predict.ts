import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openTestTable } from '../../data/prepared-table.js';
import { taskOfProblem } from '../../tasks/index.js';
import { openModelFolder } from '../checkpoint/model-folder.js';
import { familyOf } from '../models/families.js';
import { openRuntime } from '../runtime/open.js';
import { loadTokenizer } from '../tokenization/tokenizer.js';
import { ClassifierRun } from './classify.js';
import { CompactVocabulary } from './compact-vocabulary.js';
import { parametersOf } from './model-source.js';
import { readExportedReading, readingOf, windowed } from './reading.js';
import { tokenize } from './tokenize.js';

/** Texts that are scored together: what they are padded and packed with decides the last bits. */
const ROWS_AT_ONCE = 65_536;

interface PredictOptions {
  readonly maxLength: number;
  readonly threads: number;
  readonly onProgress?: () => void;
}

/**
 * Scores the rows of a prepared test table, some at a time.
 *
 * @param files.output what is written: probabilities `[rows, labels]` as raw little-endian float32
 */
export async function predictTable(
  folder: string,
  files: { readonly table: string; readonly output: string },
  options: PredictOptions,
): Promise<void> {
  const { texts, close } = openTestTable(files.table);
  const output = openSync(files.output, 'w');
  try {
    for (let first = 0; first < texts.length; first += ROWS_AT_ONCE) {
      const rows = texts.range(first, Math.min(first + ROWS_AT_ONCE, texts.length));
      const bytes = new Uint8Array((await predictTexts(folder, rows, options)).buffer);
      for (let done = 0; done < bytes.length;) done += writeSync(output, bytes, done);
    }
  } finally {
    closeSync(output);
    close();
  }
}

/**
 * Scores texts with an exported model.
 *
 * @param options.onProgress called as texts are tokenised and scored
 * @returns probabilities `[texts, labels]`, float32, in the order given
 */
export async function predictTexts(
  folder: string,
  texts: readonly string[],
  options: PredictOptions,
): Promise<Float32Array> {
  const { config, weights } = await openModelFolder(folder);
  try {
    const width = labelsOf(config);
    const classifier = familyOf(config).classifier(config, width);
    const tokenizer = await loadTokenizer(folder);
    const exported = readExportedReading(config, join(folder, 'config.json'));
    const reading = readingOf({ ...exported, maxLength: options.maxLength }, classifier);
    const tokens = await tokenize(tokenizer, texts, reading, options.onProgress);
    // Only the embedding rows that occur are read.
    const vocabulary = CompactVocabulary.of(tokens);
    const loaded = new Map<string, Float32Array>();
    for (const { name } of parametersOf(classifier)) {
      const isWords = name === classifier.wordEmbedding;
      loaded.set(name, isWords ? await weights.readRows(name, vocabulary.rows) : await weights.read(name));
    }
    const run = new ClassifierRun({
      runtime: openRuntime(),
      classifier: windowed(vocabulary.classifier(classifier), reading.windows),
      vocabulary: vocabulary.size,
      threads: options.threads,
      weights: (name) => loaded.get(name) as Float32Array,
    });
    try {
      const compact = tokens.map((text) => vocabulary.compact(text));
      const { onProgress } = options;
      const logits = await run.logits(compact, onProgress === undefined ? {} : { onBatch: onProgress });
      return taskOfProblem(config['problem_type']).activate(logits, width);
    } finally {
      run.release();
    }
  } finally {
    await weights.close();
  }
}

function labelsOf(config: Readonly<Record<string, unknown>>): number {
  return Object.keys(config['id2label'] ?? {}).length;
}
