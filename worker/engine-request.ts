import type { TokenCounts } from '../data/hygiene/token-counts.js';
import type { DeviceName } from '../engine/device/device.js';
import type { ComputePrecision } from '../engine/precision/precision.js';
import type { Precision } from '../engine/inference/precision.js';
import type { CardEstimate } from '../engine/training/card-estimate.js';
import type { TrainedCard } from '../engine/training/card-need.js';
import type { EstimatedFold, FoldEstimate, SampledFold } from '../engine/training/fold-estimate.js';
import type { TokenizedModel } from '../engine/training/token-counts.js';
import type { ModelUse, ScratchModel } from '../pipeline/pipeline.js';
import type { TrainingOptions } from '../pipeline/training.js';
import type { RequestReply } from './request-process.js';

/** What the engine's child process is asked for besides training; one request each. */
export type EngineRequest =
  | {
      readonly type: 'predict';
      readonly folder: string;
      readonly files: { readonly table: string; readonly output: string };
      readonly maxLength: number;
      readonly threads: number;
      readonly precision: Precision;
      readonly computedIn?: ComputePrecision | undefined;
      readonly device: DeviceName;
      readonly halvings?: number | undefined;
    }
  | { readonly type: 'tokenizer'; readonly scratch: ScratchModel; readonly table: string }
  | {
      readonly type: 'tokens';
      readonly model: TokenizedModel;
      readonly files: { readonly table: string; readonly test: string | null };
    }
  | ({ readonly type: 'check'; readonly folder: string } & CheckedTraining)
  | ({
      readonly type: 'estimate';
      readonly folder: string;
      readonly labels: readonly string[];
    } & Omit<EstimatedFold, 'classifier' | 'tokenizer'>)
  | ({
      readonly type: 'card';
      readonly folder: string;
      readonly labels: readonly string[];
      readonly card: TrainedCard;
    } & Omit<SampledFold, 'classifier' | 'tokenizer'>);

/** What of a pipeline decides whether a checkpoint can be trained. */
export interface CheckedTraining {
  readonly labels: readonly string[];
  readonly model: ModelUse;
  readonly training: TrainingOptions;
  /** That it is to be trained on. Default: none, but the processor. */
  readonly card?: TrainedCard | null;
  /** Whether workers elsewhere train it, of whose machines nothing is known here. Default false. */
  readonly elsewhere?: boolean;
}

/** What is to be known of a checkpoint that can be trained. */
export interface CheckedModel {
  /** What whoever trains from it should know. */
  readonly warnings: readonly string[];
  /** Tokens that are read at once: those of the pipeline, or the model's where these are fewer. */
  readonly longest: number;
}

/**
 * Null for what was scored, the tokenizer that was learnt, what it makes of texts, what a fold will take, of a card
 * too, or what is to be known of a checkpoint.
 */
export type EngineAnswer = null | string | TokenCounts | FoldEstimate | CardEstimate | CheckedModel;

export type EngineReply = RequestReply<EngineAnswer>;
