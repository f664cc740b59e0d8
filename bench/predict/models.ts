import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSafetensorsHeader } from '../../engine/checkpoint/safetensors-header.js';
import { writeSafetensors } from '../../engine/checkpoint/safetensors.js';
import { openWeightFile } from '../../engine/checkpoint/stored-tensor.js';
import { exportedModel, inputNames } from '../../engine/export/onnx-export.js';
import { parametersOf } from '../../engine/inference/parameters.js';
import type { PhiloxKey } from '../../engine/kernels/philox.js';
import { familyOf, scratchFamily } from '../../engine/models/families.js';
import type { ScratchSizes } from '../../engine/models/family.js';
import { openModelSource } from '../../engine/training/model-source.js';
import { newWeights } from '../../engine/training/new-weights.js';
import { secondLink } from '../../engine/training/second-link.js';
import type { Tokenizer } from '../../engine/tokenization/tokenizer.js';
import { networks as trained } from '../step/networks.js';

/** Labels of the models that are measured. */
export const labels = ['anger', 'fear', 'joy', 'sadness', 'surprise'];

/** Tokens of a text, special ones included. */
export const maxLength = 128;

interface RandomNetwork {
  readonly type: 'bert' | 'deberta-v2';
  readonly sizes: ScratchSizes;
}

const base = { hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3072, maxLength: 512 };
const tiny = { hiddenSize: 32, layers: 2, heads: 2, intermediateSize: 64, maxLength: 128 };

/** Networks of random weights: what scoring takes does not depend on what they hold. */
export const randomNetworks = {
  minilm: trained.minilm,
  'bert-base': { type: 'bert', sizes: { ...base, vocabulary: 30_522 } },
  'deberta-v3-base': trained['deberta-v3-base'],
  /** To try the benchmark. */
  tiny: { type: 'bert', sizes: { ...tiny, vocabulary: 30_522 } },
} as const satisfies Readonly<Record<string, RandomNetwork>>;

export type NetworkName = keyof typeof randomNetworks;

const key: PhiloxKey = [42, 0x70726564];

interface MadeModel {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly data: Float32Array;
  }[];
}

/** A checkpoint's model, with a new head for the labels where it has none of them. */
export async function checkpointModel(folder: string): Promise<MadeModel> {
  const source = await openModelSource({ checkpoint: folder, maxLength }, labels, key);
  const tensors = [];
  for (const { name, shape } of parametersOf(source.classifier))
    tensors.push({ name, shape, data: await source.initial(name) });
  await source.close();
  return { config: source.config, tensors };
}

export function randomModel(name: NetworkName): MadeModel {
  const { type, sizes }: RandomNetwork = randomNetworks[name];
  const family = scratchFamily(type);
  const config = family.scratchConfig(sizes);
  const classifier = family.classifier(config, labels.length);
  const parameters = parametersOf(classifier);
  const begun = newWeights('model', parameters, classifier.initializerRange, key);
  const tensors = parameters.map((parameter) => ({ ...parameter, data: begun(parameter.name) }));
  return { config, tensors };
}

/** Writes a model as a fold's is exported: for us, for transformers, and with its ONNX graph for the others. */
export async function writeModel(
  folder: string,
  { config, tensors }: MadeModel,
  tokenizer: Tokenizer,
): Promise<void> {
  const onnx = join(folder, 'onnx');
  await mkdir(onnx, { recursive: true });
  const classifier = familyOf(config).classifier(config, labels.length);
  const numbered = labels.map((label, i) => [String(i), label] as const);
  const exported = {
    ...config,
    architectures: [familyOf(config).architecture],
    problem_type: 'multi_label_classification',
    id2label: Object.fromEntries(numbered),
    label2id: Object.fromEntries(numbered.map(([i, label]) => [label, Number(i)])),
    'transformers.js_config': { dtype: 'fp32', use_external_data_format: true },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(exported));
  const use = { maxLength, inputNames: inputNames(classifier), truncation: undefined };
  for (const [name, content] of Object.entries(tokenizer.files(use))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const weights = join(folder, 'model.safetensors');
  await writeSafetensors(weights, tensors, { format: 'pt' });
  const file = await openWeightFile(weights);
  const { tensors: stored } = await readSafetensorsHeader(file);
  await file.handle.close();
  const bytes = new Map(tensors.map(({ name, data }) => [name, data.byteLength]));
  const model = exportedModel(classifier, (name) => ({
    external: 'model.onnx_data',
    offset: stored.get(name)?.position as number,
    bytes: bytes.get(name) as number,
  }));
  await writeFile(join(onnx, 'model.onnx'), model);
  await secondLink(weights, join(onnx, 'model.onnx_data'));
}
