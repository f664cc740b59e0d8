import { learnVocabulary } from '../engine/tokenization/vocabulary.js';
import { openModelSource } from '../engine/training/model-source.js';
import { predictTexts } from '../engine/training/predict.js';
import type { EngineReply, EngineRequest } from './engine-request.js';
import { leaveWithParent, send, tellable } from './parent-watch.js';

/** The process that answers one request of the worker, whose own event loop so stays free. */
async function answer(request: EngineRequest): Promise<void> {
  try {
    await send({ type: 'done', value: await compute(request) } satisfies EngineReply);
  } catch (error) {
    await send({ type: 'failed', ...tellable(error) } satisfies EngineReply);
  }
  process.exit(0);
}

async function compute(request: EngineRequest): Promise<Float32Array | string | null> {
  switch (request.type) {
    case 'predict': {
      const { folder, texts, maxLength, threads } = request;
      return predictTexts(folder, texts, { maxLength, threads });
    }
    case 'tokenizer': {
      const { vocabulary, type } = request.scratch;
      return learnVocabulary(request.texts, { size: vocabulary, type });
    }
    case 'check': {
      const { folder, labels, maxLength } = request;
      const source = await openModelSource({ checkpoint: folder, maxLength }, labels, [0, 0]);
      await source.close();
      return null;
    }
  }
}

leaveWithParent();
process.on('message', (request: EngineRequest) => void answer(request));
