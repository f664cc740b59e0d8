import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { parseJsonObject } from '../../engine/checkpoint/bounded-json.js';
import { readBoundedFile } from '../../engine/checkpoint/regular-file.js';
import { jsonWithFloats, wholeFloatsOf } from '../../engine/checkpoint/whole-floats.js';
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

/** For transformers.js: float32 unless it is asked for `q8`, and which of the two has a file of data beside it. */
const bothPrecisions = {
  'transformers.js_config': { dtype: 'fp32', use_external_data_format: { 'model.onnx': true } },
};

/** The configuration, with what decides. */
const configuration: ModelPart = async ({ source, folder, tuned, int8 }, draft) => {
  const path = join(source, configName);
  const text = await readBoundedFile(path, mostConfigBytes);
  const config = { ...withTuned(parseJsonObject(path, text), tuned, path), ...(int8 ? bothPrecisions : {}) };
  const json = jsonWithFloats(config, wholeFloatsOf(text.toString('utf8')));
  await draft.write(`${folder}/${configName}`, `${json}\n`);
};

/** The model with products of 8 bits. */
const quantized: ModelPart = async ({ source, folder, int8 }, draft) => {
  if (int8) await draft.write(`${folder}/${quantizedName}`, await quantizedModelOf(source));
};

/** All that is made for each model of an export, in this order. */
export const modelParts: readonly ModelPart[] = [asTrained, configuration, quantized];
