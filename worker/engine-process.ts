import type { ModelSource, Predictor } from '../activities/services.js';
import { resolveModel } from '../engine/checkpoint/hub.js';
import { EnvironmentFault, Fault } from '../errors/fault.js';
import type { ScratchModel } from '../pipeline/pipeline.js';
import { crash, startChild, startFailure } from './child-process.js';
import { ChildWatch, endChild, stalled, type ChildWatchOptions, type SignOfLife } from './child-watch.js';
import type { EngineReply, EngineRequest } from './engine-request.js';

/** A fault that the engine's process raised, under the name that it has there. */
export class EngineFault extends Fault {
  constructor(where: string, { name, message, retryable }: Extract<EngineReply, { type: 'failed' }>) {
    super({ where, what: message }, { retryable });
    this.name = name;
  }
}

/** It was told to end, and had nothing to keep. */
export class WorkGivenUp extends EnvironmentFault {}

type Answer = Exclude<EngineReply, SignOfLife>;
type PredictOptions = Parameters<Predictor['predict']>[2];

/** Predictions and vocabularies from a child process each, models from folders and the hub. */
export class EngineProcess implements Predictor, ModelSource {
  private readonly located = new Map<string, ReturnType<ModelSource['locate']>>();

  /**
   * @param script see `engine-child.ts`
   * @param folder where a relative checkpoint would be; pipelines name folders absolutely
   */
  constructor(
    private readonly script: string,
    private readonly folder: string,
    private readonly watch: ChildWatchOptions = {},
  ) {}

  async predict(folder: string, texts: readonly string[], options: PredictOptions): Promise<Float32Array> {
    const { maxLength, threads, signal } = options;
    const request: EngineRequest = { type: 'predict', folder, texts, maxLength, threads };
    return (await this.ask('the ensemble', request, signal)) as Float32Array;
  }

  /**
   * Opens a checkpoint as a fold would, and closes it again.
   *
   * @param folder as `locate` gives it
   * @returns what whoever trains from it should know
   * @throws EngineFault for one that no fold could start from
   */
  async check(
    folder: string,
    training: { labels: readonly string[]; maxLength: number; batchSize: number },
  ): Promise<readonly string[]> {
    const request: EngineRequest = { type: 'check', folder, ...training };
    return (await this.ask('model.checkpoint', request)) as readonly string[];
  }

  async learnTokenizer(scratch: ScratchModel, texts: readonly string[]): Promise<string> {
    return (await this.ask('the vocabulary', { type: 'tokenizer', scratch, texts })) as string;
  }

  /** Once per checkpoint at a time: several folds must not fetch the same files side by side. */
  async locate(checkpoint: string): ReturnType<ModelSource['locate']> {
    const running = this.located.get(checkpoint);
    if (running !== undefined) return running;
    const locating = resolveModel(checkpoint, { baseDirectory: this.folder });
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
  ): Promise<Float32Array | string | readonly string[]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(givenUp(where));
      const child = startChild(this.script);
      let reply: Answer | undefined;
      let failure: Fault | undefined;
      const end = (): void => void child.kill('SIGKILL');
      const settle = (code: number | null, exitSignal: NodeJS.Signals | null): void => {
        watch.end();
        signal?.removeEventListener('abort', end);
        if (reply?.type === 'done') resolve(reply.value);
        else if (reply !== undefined) reject(new EngineFault(where, reply));
        else if (signal?.aborted === true) reject(givenUp(where));
        else reject(failure ?? crash(where, code, exitSignal));
      };
      const watch = new ChildWatch((found) => {
        failure = stalled(where, found);
        endChild(child, () => settle(null, 'SIGKILL'));
      }, this.watch);
      signal?.addEventListener('abort', end, { once: true });
      child.on('message', (message: EngineReply) => {
        watch.heard(message);
        if (message.type === 'done' || message.type === 'failed') reply = message;
      });
      child.on('error', (error) => (failure ??= startFailure(where, child, error)));
      child.on('close', settle);
      child.send(request, () => undefined);
    });
  }
}

function givenUp(where: string): WorkGivenUp {
  return new WorkGivenUp({ where, what: 'the work was given up, as it was told to' });
}
