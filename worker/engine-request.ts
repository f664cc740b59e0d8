import type { SignOfLife } from './child-watch.js';
import type { ScratchModel } from '../pipeline/pipeline.js';

/** What the engine's child process is asked for besides training; one request each. */
export type EngineRequest =
  | {
      readonly type: 'predict';
      readonly folder: string;
      readonly texts: readonly string[];
      readonly maxLength: number;
      readonly threads: number;
    }
  | { readonly type: 'tokenizer'; readonly scratch: ScratchModel; readonly texts: readonly string[] }
  | {
      readonly type: 'check';
      readonly folder: string;
      readonly labels: readonly string[];
      readonly maxLength: number;
      readonly batchSize: number;
    };

export type EngineReply =
  | SignOfLife
  | { readonly type: 'done'; readonly value: Float32Array | string | readonly string[] }
  | { readonly type: 'failed'; readonly name: string; readonly message: string; readonly retryable: boolean };
