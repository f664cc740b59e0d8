import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tasks } from '../../tasks/index.js';
import { externalWeights } from '../checkpoint/external-weights.js';
import type { NamedTensor } from '../checkpoint/safetensors.js';
import { writeSafetensors } from '../checkpoint/safetensors.js';
import { jsonWithFloats } from '../checkpoint/whole-floats.js';
import { mergedParameters, type Adapters } from './adapters.js';
import type { FoldSetup } from './fold-setup.js';
import type { FoldJob, HashedFile } from './job.js';
import { exportedModel, inputNames } from '../export/onnx-export.js';
import { exportedReading, settingsKey } from '../inference/exported-settings.js';
import { longestText } from '../inference/reading.js';

/** ONNX calls the file beside the model; its bytes are those of `model.safetensors`. */
const ONNX_DATA = 'model.onnx_data';

/**
 * Writes the fold's model as transformers loads it, and as ONNX.
 *
 * @param untouched what is left of an embedding row that no text used
 * @returns local path by path inside the model's folder, and the weights as they were hashed
 */
export async function exportModel(
  job: FoldJob,
  setup: FoldSetup,
  untouched: number,
): Promise<{ readonly files: Readonly<Record<string, string>>; readonly weights: HashedFile }> {
  const { source } = setup;
  const folder = join(job.workDirectory, 'model');
  const files: Record<string, string> = {};
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    files[name] = path;
  };
  await write('config.json', `${jsonWithFloats(exportedConfig(job, setup), source.floats)}\n`);
  const use = {
    maxLength: longestText(job.model.maxLength, source.classifier),
    inputNames: inputNames(source.classifier),
    truncation: job.model.truncation,
  };
  for (const [name, content] of Object.entries(source.tokenizer.files(use))) await write(name, content);

  const weights = join(folder, 'model.safetensors');
  const tensors = exportedTensors(setup, job.training.lora, untouched);
  const written = await setup.trainer.state.snapshot(() =>
    writeSafetensors(weights, tensors, { format: 'pt' }),
  );
  files['model.safetensors'] = weights;
  await write('onnx/model.onnx', exportedModel(source.classifier, await externalWeights(weights, ONNX_DATA)));
  files[`onnx/${ONNX_DATA}`] = weights;
  return { files, weights: { path: weights, ...written } };
}

/** By default transformers.js looks for a quantised model without a file of data beside it. */
const browserConfig = { dtype: 'fp32', use_external_data_format: true } as const;

function exportedConfig(job: FoldJob, { source }: FoldSetup): Record<string, unknown> {
  const reading = exportedReading(job.model);
  const { [settingsKey]: former, ...config } = source.config;
  const labels = job.labels.map((label, i) => [String(i), label] as const);
  return {
    ...config,
    ...(reading === undefined ? {} : { [settingsKey]: reading }),
    architectures: [source.family.architecture],
    problem_type: tasks[job.task].problemType,
    id2label: Object.fromEntries(labels),
    label2id: Object.fromEntries(labels.map(([i, label]) => [label, Number(i)])),
    dtype: 'float32',
    'transformers.js_config': browserConfig,
  };
}

/** Every parameter, the word embedding whole: rows that were trained, and the others as decay left them. */
function exportedTensors(
  { source, vocabulary, trainer }: FoldSetup,
  adapters: Adapters | null,
  untouched: number,
): NamedTensor[] {
  const { wordEmbedding, vocabulary: rows } = source.classifier;
  return mergedParameters(trainer, adapters).map(({ name, shape, weights }) => {
    if (name !== wordEmbedding) return { name, shape, data: weights };
    const width = shape[1] as number;
    const data = async (): Promise<Float32Array> => {
      const whole = (await source.initial(name)).map((value) => value * untouched);
      const trained = await weights();
      vocabulary.rows.forEach((row, compact) =>
        whole.set(trained.subarray(compact * width, (compact + 1) * width), row * width),
      );
      return whole;
    };
    return { name, shape: [rows, width], data };
  });
}
