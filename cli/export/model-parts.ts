import { readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { parseJsonObject } from '../../engine/checkpoint/bounded-json.js';
import { readBoundedFile } from '../../engine/checkpoint/regular-file.js';
import { jsonWithFloats, wholeFloatsOf } from '../../engine/checkpoint/whole-floats.js';
import { float16DataName, float16ModelOf, float16Name } from '../../engine/export/float16-folder.js';
import { quantizedModelOf, quantizedName } from '../../engine/export/quantized-folder.js';
import { withTuned, type TunedSettings } from '../../engine/inference/exported-settings.js';
import type { FolderDraft } from '../../store/folder-draft.js';

/** A model of the ensemble on its way into the exported folder. */
export interface ModelToExport {
  /** As its fold wrote it. */
  readonly source: string;
  /** Its place within the exported folder. */
  readonly folder: string;
  readonly tuned: TunedSettings;
  /** Whether it is there with products of 8 bits, too. */
  readonly int8: boolean;
  /** Whether it is there with weights in float16, too. */
  readonly float16: boolean;
}

/** Adds something to a model's folder. */
export type ModelPart = (model: ModelToExport, draft: FolderDraft) => Promise<void>;

const configName = 'config.json';
const mostConfigBytes = 4 << 20;

/** Weights, tokenizer and ONNX as the fold wrote them: under second names, so that they take no room. */
const asTrained: ModelPart = async ({ source, folder }, draft) => {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(source, path).split(sep).join('/');
    if (name !== configName) await draft.add(path, `${folder}/${name}`);
  }
};

/** For transformers.js: float32 unless it is asked for another `dtype`, and which of them have a file of data beside. */
function browserConfig({ float16 }: ModelToExport): object {
  const use_external_data_format = {
    'model.onnx': true,
    ...(float16 ? { [basename(float16Name)]: true } : {}),
  };
  return { 'transformers.js_config': { dtype: 'fp32', use_external_data_format } };
}

/** The configuration, with what decides. */
const configuration: ModelPart = async (model, draft) => {
  const { source, folder, tuned, int8, float16 } = model;
  const path = join(source, configName);
  const text = await readBoundedFile(path, mostConfigBytes);
  const trained = withTuned(parseJsonObject(path, text), tuned, path);
  const config = int8 || float16 ? { ...trained, ...browserConfig(model) } : trained;
  const json = jsonWithFloats(config, wholeFloatsOf(text.toString('utf8')));
  await draft.write(`${folder}/${configName}`, `${json}\n`);
};

/** The model with products of 8 bits. */
const quantized: ModelPart = async ({ source, folder, int8 }, draft) => {
  if (int8) await draft.write(`${folder}/${quantizedName}`, await quantizedModelOf(source));
};

/** The model with weights in float16, which lie beside it. */
const stored: ModelPart = async ({ source, folder, float16 }, draft) => {
  if (!float16) return;
  const data = await draft.placeOf(`${folder}/${float16DataName}`);
  await draft.write(`${folder}/${float16Name}`, await float16ModelOf(source, data));
};

/** All that is made for each model of an export, in this order. */
export const modelParts: readonly ModelPart[] = [asTrained, configuration, quantized, stored];
