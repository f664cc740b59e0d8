import { InputFault } from '../errors/fault.js';
import { processor, type DeviceName } from '../engine/device/device.js';
import { TextReaders, type TextReader } from '../engine/inference/text-reader.js';
import { TextScorer } from '../engine/inference/text-scorer.js';
import { modelsOf, type EnsembleDefinition } from './definition.js';
import { join, type Scored } from './joined.js';
import { checkTexts } from './texts.js';

export interface ScoreOptions {
  /** Called as texts are tokenised and scored. */
  readonly onProgress?: () => void;
  /** Once aborted, no further model is asked, and the call rejects. */
  readonly signal?: AbortSignal;
}

export interface OpenOptions {
  /** Of the processor. */
  readonly threads: number;
  /** What computes, and holds the weights of all models. Default the processor. */
  readonly device?: DeviceName | undefined;
}

/** An ensemble with its models in memory, to score any number of texts. */
export class Ensemble {
  /** Runs of one model do not overlap. */
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly definition: EnsembleDefinition,
    private readonly scorers: readonly TextScorer[],
  ) {}

  /**
   * @throws InputFault where a folder holds no model of ours, or one of other labels, or a card has no memory for all of
   *   them; EnvironmentFault where the device does not start
   */
  static async open(
    definition: EnsembleDefinition,
    { threads, device = processor }: OpenOptions,
  ): Promise<Ensemble> {
    const { precision = 'float32' } = definition;
    const scorers: TextScorer[] = [];
    const readers = new TextReaders();
    try {
      const models = modelsOf(definition);
      const shared = { threads, precision, device, models: models.length };
      for (const { folder, maxLength } of models) {
        const scorer = await TextScorer.open(folder, { ...shared, maxLength }, readers);
        scorers.push(scorer);
        checkWidth(folder, scorer.width, definition.labels.length);
      }
    } catch (fault) {
      for (const scorer of scorers) scorer.release();
      throw fault;
    }
    return new Ensemble(definition, scorers);
  }

  /**
   * One call after the other.
   *
   * @returns what is said of the texts, in the order given
   * @throws InputFault for a text that is too long
   */
  score(texts: readonly string[], options: ScoreOptions = {}): Promise<Scored> {
    const scored = this.last.then(() => this.scoreNow(texts, options));
    this.last = scored.catch(() => undefined);
    return scored;
  }

  private async scoreNow(texts: readonly string[], { onProgress, signal }: ScoreOptions): Promise<Scored> {
    checkTexts(texts);
    const scored: Float32Array[] = [];
    // The folds of a run read alike.
    const read = new Map<TextReader, readonly Int32Array[]>();
    for (const scorer of this.scorers) {
      signal?.throwIfAborted();
      const { reader } = scorer;
      const tokens = read.get(reader) ?? (await reader.tokens(texts, onProgress));
      read.set(reader, tokens);
      scored.push(await scorer.scoreTokens(tokens, onProgress));
    }
    return join(this.definition, scored);
  }

  /** Gives the models' memory back, once what was asked has been answered. */
  async release(): Promise<void> {
    await this.last;
    for (const scorer of this.scorers) scorer.release();
  }
}

function checkWidth(folder: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new InputFault({
    where: folder,
    what: 'the model has other labels than the ensemble',
    found: `${found} labels`,
    expected: `${expected}`,
  });
}
