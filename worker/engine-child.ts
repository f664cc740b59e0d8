import type { EngineAnswer, EngineReply, EngineRequest } from './engine-request.js';
import { thisMachine } from './machine.js';
import { leave, leaveWithParent, send, showLife, tellable } from './parent-watch.js';

/** How long a phase may take without progress. */
const workSeconds = 1_800;

/** Looking at a checkpoint takes seconds, whoever made it: somebody waits for the answer. */
const checkSeconds = 120;

/**
 * The process that answers one request of the worker, whose own event loop so stays free. It loads what the
 * request needs.
 */
async function answer(request: EngineRequest): Promise<void> {
  try {
    await send({ type: 'done', value: await compute(request) } satisfies EngineReply);
  } catch (error) {
    await send({ type: 'failed', ...tellable(error) } satisfies EngineReply);
    // What failed may be busy in native code still.
    leave();
  }
  process.exit(0);
}

async function compute(request: EngineRequest): Promise<EngineAnswer> {
  switch (request.type) {
    case 'predict': {
      const { type, folder, files, ...options } = request;
      const { predictTable } = await import('../engine/inference/predict.js');
      const { processor } = await import('../engine/device/device.js');
      // A card's driver is native code, too: which of the two ends the process nobody knows.
      const foreign = options.device === processor ? { foreign: tokenizerOf(folder) } : {};
      enter('opening the model', { silent: true, ...foreign });
      const onProgress = (rows: number): void => enter('scoring', { done: rows });
      await predictTable(folder, files, { ...options, onProgress });
      return null;
    }
    case 'tokenizer': {
      const { vocabulary, type } = request.scratch;
      const { learnTableVocabulary } = await import('../engine/training/table-vocabulary.js');
      enter('learning the vocabulary', { silent: true });
      return learnTableVocabulary(request.table, { size: vocabulary, type });
    }
    case 'tokens': {
      const { model, files } = request;
      const { countTokens } = await import('../engine/training/token-counts.js');
      const foreign = 'folder' in model ? { foreign: tokenizerOf(model.folder) } : {};
      enter('opening the tokenizer', { silent: true, ...foreign });
      return countTokens(model, files, () => enter('counting tokens', foreign));
    }
    case 'estimate': {
      const { folder, labels, ...fold } = request;
      const { estimateFold } = await import('../engine/training/fold-estimate.js');
      const { openedModel } = await import('../engine/training/model-source.js');
      enter('estimating', { silent: true, patienceSeconds: checkSeconds, foreign: tokenizerOf(folder) });
      const { classifier, tokenizer } = await openedModel({ checkpoint: folder, ...fold.model }, labels);
      return estimateFold({ ...fold, classifier, tokenizer });
    }
    case 'card': {
      const { folder, labels, card, ...fold } = request;
      const { estimateOnCard } = await import('../engine/training/card-estimate.js');
      const { openedModel } = await import('../engine/training/model-source.js');
      enter('estimating', { silent: true, patienceSeconds: checkSeconds, foreign: tokenizerOf(folder) });
      const { classifier, tokenizer } = await openedModel({ checkpoint: folder, ...fold.model }, labels);
      return estimateOnCard({ ...fold, classifier, tokenizer }, card);
    }
    case 'check': {
      const { folder, labels, model, training, card, elsewhere = false } = request;
      const { longestText } = await import('../engine/inference/reading.js');
      const { checkTraining } = await import('../engine/training/trained-model.js');
      const { openedModel } = await import('../engine/training/model-source.js');
      enter('opening the model', {
        silent: true,
        patienceSeconds: checkSeconds,
        foreign: tokenizerOf(folder),
      });
      const { classifier, warnings } = await openedModel({ checkpoint: folder, ...model }, labels);
      const machineBytes = elsewhere ? Infinity : thisMachine().bytes;
      return {
        warnings: [...warnings, ...checkTraining(classifier, model, training, machineBytes, card)],
        longest: longestText(model.maxLength, classifier),
      };
    }
  }
}

/** Of all that is read of a model, native code runs the tokenizer alone. */
function tokenizerOf(folder: string): string {
  return `the tokenizer of ${folder}`;
}

const tellMs = 1_000;
let told: { phase: string; at: number } | undefined;

/** Tells what the process is at, and once a second that it comes along. */
function enter(
  phase: string,
  {
    silent = false,
    patienceSeconds = workSeconds,
    ...more
  }: { silent?: boolean; patienceSeconds?: number; foreign?: string; done?: number },
): void {
  const at = performance.now();
  if (told?.phase === phase && at - told.at < tellMs) return;
  told = { phase, at };
  void send({ type: 'phase', phase, patienceSeconds, silent, ...more } satisfies EngineReply);
}

leaveWithParent();
showLife();
process.on('message', (request: EngineRequest) => void answer(request));
