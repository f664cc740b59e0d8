import { z } from 'zod';
import { epochChoices } from '../tasks/index.js';
import { neutralSettings } from './neutral-settings.js';

/** Each epoch is a number of messages. */
export const epochLimit = 10_000;

export const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** Settings of the reference method; its values are the defaults. */
const method = {
  epochs: z.int().min(1).max(epochLimit).default(4),
  batchSize: z
    .int()
    .min(1)
    .max(65_536)
    .default(16)
    .describe('Texts that are trained on at once; by default an optimizer step each.'),
  learningRate: z.number().gt(0).max(1).default(1.5e-5).describe('Peak learning rate of AdamW.'),
  weightDecay: z.number().min(0).max(1).default(0.01).describe('Not applied to biases and layer norms.'),
  warmupRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Share of the steps with a rising learning rate.'),
  maxGradNorm: z.number().gt(0).max(1e9).default(1).describe('Gradients are clipped to this norm.'),
  seed: seed.default(42).describe('Seed of the new weights, of the order of the texts and of dropout.'),
};

const awp = z.strictObject({
  rate: z.number().gt(0).max(10).default(0.01).describe('How far each matrix is moved, of its norm.'),
  epsilon: z.number().gt(0).max(10).default(0.1).describe('How far each entry is moved at most, of itself.'),
  from: z.int().min(1).max(epochLimit).default(2).describe('The first epoch with it.'),
});

/** What of `awp` is not given. */
export const awpDefaults = awp.parse({});

/** Options beyond it, off unless set: docs/options.md says when each helps. */
const options = {
  bestBy: z
    .enum(epochChoices)
    .default(neutralSettings.bestBy)
    .describe(
      'The score of the held-out rows that picks the epoch which is kept; `last` keeps the last one, which leaves no optimism.',
    ),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(neutralSettings.layerDecay)
    .describe('The learning rate of each layer as a share of that of the layer above it.'),
  freezeLayers: z
    .int()
    .min(0)
    .max(1000)
    .nullable()
    .default(neutralSettings.freezeLayers)
    .describe(
      'The lowest layers that keep their weights, with the embeddings below them; 0: the embeddings alone; null: all is trained.',
    ),
  cacheFrozen: z
    .boolean()
    .default(neutralSettings.cacheFrozen)
    .describe(
      'Whether what the frozen layers give of a text is computed once, without dropout, and kept on the disk while the fold trains.',
    ),
  reinitLayers: z
    .int()
    .min(0)
    .max(1000)
    .default(neutralSettings.reinitLayers)
    .describe('The top layers of the checkpoint that begin with new weights, with the head above them.'),
  lora: z
    .strictObject({
      rank: z.int().min(1).max(1024).default(8).describe('Width of the adapters.'),
      alpha: z.number().gt(0).max(1e6).default(16).describe('What they give is scaled by alpha / rank.'),
      dropout: z.number().min(0).max(0.99).default(0).describe('Of what goes into them.'),
      targets: z
        .enum(['attention', 'all'])
        .default('attention')
        .describe("Which linear layers get one: those of attention, or all within the encoder's layers."),
    })
    .nullable()
    .default(neutralSettings.lora)
    .describe(
      'Low-rank adapters are trained with the head, in place of the weights of the checkpoint, and merged into them at export; null: none.',
    ),
  pseudo: z
    .strictObject({
      confidence: z
        .number()
        .gt(0.5)
        .lt(1)
        .default(0.9)
        .describe('How sure every label of a row, or its one class, must be for the row to be trained on.'),
    })
    .nullable()
    .default(neutralSettings.pseudo)
    .describe(
      'Rows of `data.test` are trained on, too, each fold with the labels of its own model of the same pipeline without this, which must have been run before; null: none.',
    ),
  patience: z
    .int()
    .min(1)
    .max(epochLimit)
    .nullable()
    .default(neutralSettings.patience)
    .describe('Epochs in a row without a better one after which a fold stops; null: it trains them all.'),
  schedule: z
    .enum(['linear', 'cosine', 'constant', 'polynomial'])
    .default(neutralSettings.schedule)
    .describe('How the learning rate falls after the warm-up.'),
  schedulePower: z
    .number()
    .gt(0)
    .max(100)
    .default(neutralSettings.schedulePower)
    .describe('Exponent of the polynomial schedule.'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(neutralSettings.labelSmoothing)
    .describe('Share of the truth that is spread over all answers.'),
  classWeights: z
    .union([z.literal('balanced'), z.record(z.string(), z.number().gt(0).max(1e6))], {
      error: '`balanced`, or a map from labels to weights above 0',
    })
    .nullable()
    .default(neutralSettings.classWeights)
    .describe(
      'What a positive of each label counts in the loss: 1 where nothing is said, `balanced` for rare labels to weigh as much as frequent ones.',
    ),
  focalGamma: z
    .number()
    .min(0)
    .max(10)
    .default(neutralSettings.focalGamma)
    .describe('How much less easy rows count in the loss (focal loss); 0: all count alike.'),
  asymmetric: z
    .strictObject({
      gammaNegative: z.number().min(0).max(10).default(4).describe('How much less easy negatives count.'),
      gammaPositive: z.number().min(0).max(10).default(0).describe('How much less easy positives count.'),
      margin: z
        .number()
        .min(0)
        .lt(1)
        .default(0.05)
        .describe('Negatives below this probability count nothing.'),
    })
    .nullable()
    .default(neutralSettings.asymmetric)
    .describe('The asymmetric loss for many labels of which a row has few; null: cross-entropy.'),
  dropoutSamples: z
    .int()
    .min(1)
    .max(100)
    .default(neutralSettings.dropoutSamples)
    .describe('Draws of the dropout before the last layer in each step; the loss is the mean of theirs.'),
  rDrop: z
    .number()
    .min(0)
    .max(1000)
    .default(neutralSettings.rDrop)
    .describe(
      'Each text passes twice, with dropout of its own, and this times the divergence of both answers joins the loss (R-Drop); 0: once.',
    ),
  fgm: z
    .number()
    .min(0)
    .max(1000)
    .default(neutralSettings.fgm)
    .describe(
      'How far the word embeddings are moved along their gradient for a second pass of each step, whose gradients join the others (fast gradient method); 0: none.',
    ),
  awp: awp
    .nullable()
    .default(neutralSettings.awp)
    .describe(
      'Adversarial weight perturbation: the gradients of a step are those of weights moved to where the loss is larger; null: none.',
    ),
  accumulate: z
    .int()
    .min(1)
    .max(65_536)
    .default(neutralSettings.accumulate)
    .describe('Batches whose gradients are added up for one optimizer step.'),
  gradientCheckpointing: z
    .boolean()
    .default(neutralSettings.gradientCheckpointing)
    .describe(
      'Whether the backward pass computes each layer again instead of keeping it: less memory, more time, the same bits.',
    ),
  microBatch: z
    .union([z.literal('auto'), z.int().min(1).max(65_536)])
    .default(neutralSettings.microBatch)
    .describe(
      'Texts of a batch that pass at once; the gradients of all are added up. `auto`: the whole batch, or where that does not fit the memory, as many as do.',
    ),
  precision: z
    .enum(['auto', 'float32', 'float16', 'bfloat16'])
    .default(neutralSettings.precision)
    .describe(
      'What products are computed in: mixed precision but for float32. `auto`: float16 on CUDA, float32 elsewhere.',
    ),
  evaluations: z
    .int()
    .min(1)
    .max(1000)
    .default(neutralSettings.evaluations)
    .describe('How often the held-out rows are scored in an epoch; the best time stands for it.'),
  ema: z
    .number()
    .gt(0)
    .lt(1)
    .nullable()
    .default(neutralSettings.ema)
    .describe(
      'What the exponential moving average of the weights keeps of itself at each step; it is judged and exported in their place. null: none.',
    ),
  swa: z
    .int()
    .min(1)
    .max(epochLimit)
    .nullable()
    .default(neutralSettings.swa)
    .describe(
      'The first epoch whose weights are averaged with those of the epochs after it; the average is judged and exported in their place. null: none.',
    ),
} satisfies Record<keyof typeof neutralSettings, z.ZodType>;

/** They change no bit of a result. */
const bitless = {
  checkpointEvery: z
    .number()
    .min(0)
    .max(1e6)
    .nullable()
    .default(null)
    .describe('Seconds between checkpoints; null: the larger of 60 and 40 times what the last one cost.'),
  retrySeeds: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe('How many further seeds are tried when a fold diverges.'),
};

export const trainingSchema = z.strictObject({ ...method, ...options, ...bitless });

export type TrainingOptions = Readonly<z.output<typeof trainingSchema>>;

/** How the reference method trains. */
export const referenceTraining: TrainingOptions = trainingSchema.parse({});
