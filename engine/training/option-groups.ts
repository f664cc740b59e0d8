import type { TrainingOptions } from '../../pipeline/training.js';
import type { DrawSettings, LossSettings } from '../losses/settings.js';
import type { Adapters } from './adapters.js';
import type { AdamwSettings } from '../optim/adamw.js';
import type { AveragingSettings } from '../optim/averaging.js';
import type { LayerSettings } from '../optim/parameter-groups.js';
import type { PerturbationSettings } from '../optim/perturbation.js';
import type { RateSettings } from '../schedules/schedule.js';
import type { ChoiceSettings } from './epoch-choice.js';

/** How often and in which portions the texts are gone through. */
export interface PassSettings {
  readonly epochs: number;
  readonly batchSize: number;
  /** Batches whose gradients are added up for one optimizer step. */
  readonly accumulate: number;
  /** Texts of a batch that pass at once. */
  readonly microBatch: TrainingOptions['microBatch'];
  /** How often the held-out rows are scored in an epoch, the last time at its end. */
  readonly evaluations: number;
}

/** What a positive of each label counts, as it is asked for: the labels of the training set have a say. */
export type ClassWeights = TrainingOptions['classWeights'];

/** The options of a training by what they are about: each part of the engine takes its own. */
export interface OptionGroups {
  readonly passes: PassSettings;
  readonly rate: RateSettings;
  readonly optimizer: AdamwSettings;
  readonly layers: LayerSettings;
  /** Whether what frozen layers give of a text is computed once. */
  readonly cacheFrozen: boolean;
  /**
   * The top layers that begin with new weights, with what lies above them (Zhang et al. 2021, "Revisiting Few-sample
   * BERT Fine-tuning").
   */
  readonly reinitLayers: number;
  /** Null: the layers' own weights are trained. */
  readonly adapters: Adapters | null;
  readonly averaging: AveragingSettings;
  readonly draws: DrawSettings;
  /** Whether the backward pass computes each layer again instead of keeping it. */
  readonly checkpointing: boolean;
  readonly perturbation: PerturbationSettings;
  readonly loss: Omit<LossSettings, 'weights'>;
  readonly classWeights: ClassWeights;
  readonly choice: ChoiceSettings;
  readonly precision: TrainingOptions['precision'];
}

export function optionGroups(options: TrainingOptions): OptionGroups {
  const { epochs, batchSize, accumulate, microBatch, evaluations } = options;
  const { ema, swa, weightDecay, maxGradNorm, bestBy, patience } = options;
  const { layerDecay, freezeLayers, reinitLayers, lora } = options;
  const { dropoutSamples, rDrop, fgm, awp } = options;
  const { labelSmoothing, classWeights, focalGamma, asymmetric } = options;
  const { schedule, learningRate, warmupRatio, schedulePower } = options;
  return {
    passes: { epochs, batchSize, accumulate, microBatch, evaluations },
    rate: { schedule, peak: learningRate, warmupRatio, power: schedulePower },
    optimizer: { weightDecay, maxGradNorm },
    layers: { layerDecay, freezeLayers },
    cacheFrozen: options.cacheFrozen,
    reinitLayers,
    adapters: lora,
    averaging: { ema, swa },
    draws: { dropoutSamples, rDrop },
    checkpointing: options.gradientCheckpointing,
    perturbation: { fgm, awp },
    loss: { labelSmoothing, focalGamma, asymmetric },
    classWeights,
    choice: { bestBy, patience },
    precision: options.precision,
  };
}
