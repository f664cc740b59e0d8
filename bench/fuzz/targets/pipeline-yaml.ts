import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../../../errors/fault.js';
import { planSteps } from '../../../pipeline/dag.js';
import { parsePipeline } from '../../../pipeline/load.js';
import { memberPattern } from '../../../pipeline/matrix.js';
import { membersOf } from '../../../pipeline/members.js';
import type { Pipeline } from '../../../pipeline/pipeline.js';
import { requireResolved } from '../../../pipeline/resolved.js';
import { mutateBytes, mutateJson, mutateText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const sample = `name: reviews
labels: [positive, negative, "spam"]
data: { train: train.csv, test: test.csv, text: [text, body], id: id }
folds: { count: 5, strategy: stratified, seed: 42 }
model: { scratch: { type: bert, hiddenSize: 64, layers: 2, heads: 4, intermediateSize: 128, vocabulary: 2000 }, maxLength: 64 }
calibration: platt
thresholds: { method: exact, objective: { fBeta: 2 }, byLabel: { spam: { precision: 0.9 } } }
training: &t { epochs: 4, batchSize: 16, learningRate: 1.5e-5 }
steps:
  data: { run: prepareData }
  fold: { run: trainFold, needs: [data], matrix: { fold: all, training.seed: [1, 2], model: { maxLength: [32, 64] } }, queue: gpu, timeout: 12h, onFailure: wait }
  oof: { run: aggregateOof, needs: [data, fold] }
`;

const asJson: unknown = {
  name: 'reviews',
  labels: ['a', 'b'],
  data: { train: 'train.csv', test: 'test.csv' },
  model: { checkpoint: 'microsoft/deberta-v3-base', maxLength: 128 },
  folds: { count: 5 },
  training: { epochs: 2 },
  steps: {
    data: { run: 'prepareData' },
    fold: { run: 'trainFold', needs: ['data'], matrix: { fold: 'all', 'training.seed': [1, 2] } },
  },
};

/** A pipeline as YAML or as JSON, as a file or a request brings it. */
export const pipelineYaml: FuzzTarget = {
  name: 'pipeline-yaml',
  reads: 'pipeline.yaml',
  extension: '.yaml',
  make(dice) {
    const kind = dice.one(['bytes', 'text', 'text', 'json', 'json'] as const);
    if (kind === 'bytes') return mutateBytes(dice, Buffer.from(sample));
    if (kind === 'text') return Buffer.from(mutateText(dice, mutateText(dice, sample)));
    return Buffer.from(JSON.stringify(mutateJson(dice, asJson)));
  },
  run(input) {
    const text = Buffer.from(input).toString('utf8');
    const pipeline = parsePipeline(text, { file: '/pipeline.yaml' });
    const steps = planSteps(pipeline).length;
    for (const { id } of membersOf(pipeline))
      if (!memberPattern.test(id)) throw new Error(`a member called ${id}`);
    requireStable(pipeline);
    return Promise.resolve(steps);
  },
};

/** What `config` prints is a pipeline, and the same one: as a file, and as an activity is told it. */
function requireStable(pipeline: Pipeline): void {
  const printed = JSON.stringify(pipeline);
  try {
    for (const again of [
      parsePipeline(printed, { file: '/elsewhere/pipeline.json' }),
      requireResolved(JSON.parse(printed)),
    ]) {
      if (!isDeepStrictEqual(again, pipeline)) throw new Error('resolved again it is another pipeline');
    }
  } catch (error) {
    throw error instanceof Fault ? new Error(`resolved it is refused: ${error.message}`) : error;
  }
}
