import type { ModelSource, Predictor } from '../activities/services.js';
import type { TokenCounts } from '../data/hygiene/token-counts.js';
import { resolveModel, type DownloadProgress } from '../engine/checkpoint/hub.js';
import { processor } from '../engine/device/device.js';
import type { CardEstimate } from '../engine/training/card-estimate.js';
import type { FoldEstimate } from '../engine/training/fold-estimate.js';
import { Fault } from '../errors/fault.js';
import type { ScratchModel } from '../pipeline/pipeline.js';
import { DownloadPace, downloadLines } from './download-progress.js';
import { currentFacts } from './activity-facts.js';
import type { OutputListener } from './child-process.js';
import type { ChildWatchOptions } from './child-watch.js';
import type { CheckedModel, CheckedTraining, EngineAnswer, EngineRequest } from './engine-request.js';
import { askChild, type FailedReply } from './request-process.js';

/** A fault that the engine's process raised, under the name that it has there. */
export class EngineFault extends Fault {
  constructor(where: string, { name, message, retryable }: FailedReply) {
    super({ where, what: message }, { retryable });
    this.name = name;
  }
}

type PredictArguments = Parameters<Predictor['predict']>;

/** Predictions and vocabularies from a child process each, models from folders and the hub. */
export class EngineProcess implements Predictor, ModelSource {
  private readonly located = new Map<string, ReturnType<ModelSource['locate']>>();

  /**
   * @param script see `engine-child.ts`
   * @param folder where a relative checkpoint would be; pipelines name folders absolutely
   * @param onLine told how downloads go
   * @param onOutput told what a child prints; by default it goes to stderr
   */
  constructor(
    private readonly script: string,
    private readonly folder: string,
    private readonly onLine: OutputListener = () => undefined,
    private readonly onOutput?: OutputListener,
    private readonly watch: ChildWatchOptions = {},
  ) {}

  async predict(...[folder, files, options]: PredictArguments): Promise<void> {
    const { signal, onRows, precision = 'float32', device = processor, ...others } = options;
    const { maxLength, threads, halvings, computedIn } = others;
    const model = { folder, maxLength, precision, computedIn };
    const request: EngineRequest = { type: 'predict', ...model, files, threads, device, halvings };
    await this.ask('the ensemble', request, signal, onRows);
  }

  /**
   * Opens a checkpoint as a fold would, and closes it again.
   *
   * @param folder as `locate` gives it
   * @throws EngineFault for one that no fold could start from
   */
  async check(folder: string, training: CheckedTraining): Promise<CheckedModel> {
    const request: EngineRequest = { type: 'check', folder, ...training };
    return (await this.ask('model.checkpoint', request)) as CheckedModel;
  }

  /** Judges what a fold of a checkpoint would take. @param folder as `locate` gives it */
  async estimate(
    folder: string,
    fold: Omit<Extract<EngineRequest, { type: 'estimate' }>, 'type' | 'folder'>,
  ): Promise<FoldEstimate> {
    const request: EngineRequest = { type: 'estimate', folder, ...fold };
    return (await this.ask('the estimate', request)) as FoldEstimate;
  }

  /** Counts what a fold of a checkpoint would take of a card. @param folder as `locate` gives it */
  async estimateOnCard(
    folder: string,
    fold: Omit<Extract<EngineRequest, { type: 'card' }>, 'type' | 'folder'>,
  ): Promise<CardEstimate> {
    const request: EngineRequest = { type: 'card', folder, ...fold };
    return (await this.ask('the estimate', request)) as CardEstimate;
  }

  async learnTokenizer(scratch: ScratchModel, table: string): Promise<string> {
    return (await this.ask('the vocabulary', { type: 'tokenizer', scratch, table })) as string;
  }

  async countTokens(...[model, files, signal]: Parameters<ModelSource['countTokens']>): Promise<TokenCounts> {
    return (await this.ask('the tokens', { type: 'tokens', model, files }, signal)) as TokenCounts;
  }

  /** Once per checkpoint at a time: several folds must not fetch the same files side by side. */
  async locate(checkpoint: string): ReturnType<ModelSource['locate']> {
    const running = this.located.get(checkpoint);
    if (running !== undefined) return running;
    const pace = new DownloadPace(checkpoint);
    const facts = currentFacts();
    const lines = downloadLines((line) => this.onLine(line, facts));
    const onProgress = (progress: DownloadProgress): void => lines(pace.view(progress));
    const locating = resolveModel(checkpoint, { baseDirectory: this.folder, onProgress });
    this.located.set(checkpoint, locating);
    try {
      return await locating;
    } finally {
      this.located.delete(checkpoint);
    }
  }

  private ask(
    where: string,
    request: EngineRequest,
    signal?: AbortSignal,
    onDone?: (done: number) => void,
  ): Promise<EngineAnswer> {
    const faultOf = (reply: FailedReply): Fault => new EngineFault(where, reply);
    const { watch, onOutput } = this;
    return askChild(this.script, request, {
      where,
      kind: 'engine',
      onOutput,
      signal,
      watch,
      onDone,
      faultOf,
    });
  }
}
