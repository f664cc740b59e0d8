import { join } from 'node:path';
import { externalWeights } from '../../engine/checkpoint/external-weights.js';
import { openModelFolder } from '../../engine/checkpoint/model-folder.js';
import { readExportedReading } from '../../engine/inference/exported-settings.js';
import { readingOf, type Reading } from '../../engine/inference/reading.js';
import { familyOf } from '../../engine/models/families.js';
import { modelsOf, type EnsembleDefinition } from '../../ensemble/definition.js';
import { ensembleGraph, type GraphModel } from '../../ensemble/ensemble-graph.js';
import { fileSha256 } from '../../store/digest.js';
import type { FolderDraft } from '../../store/folder-draft.js';

/** The ensemble as one ONNX model, at the root: ONNX Runtime reads no weights from above a model's folder. */
export const graphName = 'ensemble.onnx';

/** A model as it lies in the draft. */
interface OpenedModel extends GraphModel {
  readonly reading: Reading;
  readonly tokenizer: string;
}

/**
 * Adds the graph of the whole ensemble, where its models can share what goes in.
 *
 * @param definition with its models' places in the draft
 * @returns why there is none; null where there is
 */
export async function addEnsembleGraph(
  definition: EnsembleDefinition,
  draft: FolderDraft,
): Promise<string | null> {
  const models: OpenedModel[] = [];
  for (const { folder, maxLength } of modelsOf(definition))
    models.push(await openedModel(draft.path, folder, maxLength, definition.labels.length));
  const why = whyNot(models);
  if (why === null) await draft.write(graphName, ensembleGraph(definition, models));
  return why;
}

async function openedModel(
  root: string,
  place: string,
  maxLength: number,
  width: number,
): Promise<OpenedModel> {
  const folder = join(root, ...place.split('/'));
  const { config, weights } = await openModelFolder(folder);
  await weights.close();
  const classifier = familyOf(config).classifier(config, width);
  const exported = readExportedReading(config, join(folder, 'config.json'));
  return {
    classifier,
    weights: await externalWeights(join(folder, 'model.safetensors'), `${place}/model.safetensors`),
    reading: readingOf({ ...exported, maxLength }, classifier),
    tokenizer: await fileSha256(join(folder, 'tokenizer.json')),
  };
}

/** One graph has one set of tokens for all models. */
function whyNot(models: readonly OpenedModel[]): string | null {
  const [first, ...others] = models as [OpenedModel, ...OpenedModel[]];
  if (models.some(({ reading }) => reading.windows !== null))
    return 'texts are read in windows, which only foldwise makes and joins';
  if (others.some(({ tokenizer }) => tokenizer !== first.tokenizer))
    return 'its models have different tokenizers, and one graph takes the tokens of one';
  const { longest, truncation } = first.reading;
  const alike = others.every(
    ({ reading }) => reading.longest === longest && reading.truncation === truncation,
  );
  return alike ? null : 'its models cut long texts differently, and one graph takes the same tokens for all';
}
