import { join } from 'node:path';
import type { Texts } from '../../data/column-file/reader.js';
import { taskOfProblem } from '../../tasks/index.js';
import type { Task } from '../../tasks/task.js';
import { openModelFolder } from '../checkpoint/model-folder.js';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import type { Classifier } from '../models/family.js';
import { familyOf } from '../models/families.js';
import { openRuntime } from '../runtime/open.js';
import { loadTokenizer, type Tokenizer } from '../tokenization/tokenizer.js';
import { ClassifierRun } from './classifier-run.js';
import { readExportedReading } from './exported-settings.js';
import { parametersOf } from './parameters.js';
import { readingOf, windowed, type Reading } from './reading.js';
import { tokenize } from './tokenize.js';

export interface ScorerOptions {
  /** Tokens of a text, special ones included; beyond it texts are read as the model's folder says. */
  readonly maxLength: number;
  /** Intra-op threads. */
  readonly threads: number;
}

/** An exported model, open to score any number of texts. */
export class TextScorer {
  private constructor(
    /** Labels, or classes. */
    readonly width: number,
    private readonly tokenizer: Tokenizer,
    private readonly reading: Reading,
    private readonly run: ClassifierRun,
    private readonly task: Task,
  ) {}

  /**
   * @param folder as it was exported
   * @throws InputFault for a folder that holds no model of ours
   */
  static async open(folder: string, { maxLength, threads }: ScorerOptions): Promise<TextScorer> {
    const { config, weights } = await openModelFolder(folder);
    try {
      const width = labelsOf(config);
      const classifier = familyOf(config).classifier(config, width);
      const tokenizer = await loadTokenizer(folder);
      const exported = readExportedReading(config, join(folder, 'config.json'));
      const reading = readingOf({ ...exported, maxLength }, classifier);
      const loaded = await wholeWeights(weights, classifier);
      const run = new ClassifierRun({
        runtime: openRuntime(),
        classifier: windowed(classifier, reading.windows),
        vocabulary: classifier.vocabulary,
        threads,
        weights: (name) => loaded.get(name) as Float32Array,
      });
      return new TextScorer(width, tokenizer, reading, run, taskOfProblem(config['problem_type']));
    } finally {
      await weights.close();
    }
  }

  /**
   * Calls do not overlap.
   *
   * @param onProgress called as texts are tokenised and scored, with how many have been scored
   * @returns probabilities `[texts, labels]`, float32, in the order given. What is scored together decides the last
   *   bits
   */
  async score(
    texts: readonly string[] | Texts,
    onProgress: (scored: number) => void = () => undefined,
  ): Promise<Float32Array> {
    const tokens = await tokenize(this.tokenizer, texts, this.reading, () => onProgress(0));
    const logits = await this.run.logits(tokens, { onBatch: onProgress });
    return this.task.activate(logits, this.width);
  }

  release(): void {
    this.run.release();
  }
}

async function wholeWeights(
  weights: WeightReader,
  classifier: Classifier,
): Promise<ReadonlyMap<string, Float32Array>> {
  const loaded = new Map<string, Float32Array>();
  for (const { name } of parametersOf(classifier)) loaded.set(name, await weights.read(name));
  return loaded;
}

function labelsOf(config: Readonly<Record<string, unknown>>): number {
  return Object.keys(config['id2label'] ?? {}).length;
}
