import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { familyOf } from '../../../engine/models/families.js';
import type { Classifier } from '../../../engine/models/family.js';

/** What test/golden/models/generate.py writes. */
export interface GoldenBatch {
  readonly tokens: number[][];
  readonly labels: number[][];
  readonly float64: { readonly loss: number; readonly logits: number[][] };
  readonly gradients: string;
  readonly largestGradient: number;
  readonly zeroGradients: string[];
}

export interface GoldenCurve {
  readonly steps: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly undecayed: string[];
  readonly adamW: { readonly learningRate: number };
  readonly float64: { batch: string; learningRate: number; loss: number; gradNorm: number }[];
  readonly final: string;
}

/** With each feature of BERT and DeBERTa-v2 in one of them. */
const chosen = ['bert', 'deberta-v3', 'deberta-v2', 'deberta-c2p', 'deberta-absolute'];

/** Of configurations drawn at random (generate_families.py). */
const drawn = [
  ...['roberta-1', 'roberta-2', 'xlm-roberta-1', 'camembert-1', 'distilbert-1', 'distilbert-2'],
  ...['electra-1', 'electra-2', 'mpnet-1', 'mpnet-2', 'albert-1', 'albert-2'],
  ...['deberta-1', 'deberta-2', 'modernbert-1', 'modernbert-2'],
];

export const goldenModels = [...chosen, ...drawn];

const root = fileURLToPath(new URL('../../golden/models', import.meta.url));

export const goldenPath = (model: string, file: string): string => join(root, model, file);

export function goldenJson<T>(model: string, file: string): T {
  return JSON.parse(readFileSync(goldenPath(model, file), 'utf8')) as T;
}

/** @param changes settings in place of the golden's own */
export function goldenClassifier(model: string, changes: Readonly<Record<string, unknown>> = {}): Classifier {
  const config = { ...goldenJson<Record<string, unknown>>(model, 'config.json'), ...changes };
  return familyOf(config).classifier(config, 5);
}

/** Texts with the padding token within them, where the golden has such. */
export function goldenPadding(model: string): (Pick<GoldenBatch, 'tokens'> & { logits: number[][] }) | null {
  return (
    goldenJson<{ padding?: { tokens: number[][]; logits: number[][] } }>(model, 'cases.json').padding ?? null
  );
}

/** The golden's batches by name. */
export function goldenBatches(model: string): Readonly<Record<string, GoldenBatch>> {
  return goldenJson<{ batches: Record<string, GoldenBatch> }>(model, 'cases.json').batches;
}

export async function goldenTensors(model: string, file: string): Promise<Map<string, Float32Array>> {
  const reader = await openSafetensors(goldenPath(model, file));
  const tensors = new Map<string, Float32Array>();
  for (const name of reader.names()) tensors.set(name, await reader.read(name));
  await reader.close();
  return tensors;
}
