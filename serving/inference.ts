import { HeaderObject, type HeaderValue } from '../engine/checkpoint/strict-json.js';
import type { Scored } from '../ensemble/joined.js';
import { flagOf, requireCount, requireKnown, textOf, wrongField } from './fields.js';
import type { BatchingOptions, ServingLimits } from './limits.js';
import { rowsOf } from './predict.js';
import type { Refusal } from './refusal.js';
import type { About } from './served.js';

/*
 * The requests and answers of Hugging Face's text-embeddings-inference for a classifier (its docs/openapi.json and
 * router/src/http/types.rs, version 1.6), and those that the hub's Python client sends and expects, which are told by
 * their `parameters`. docs/serving.md says what of it is there.
 */

export interface InferenceRequest {
  readonly texts: readonly string[];
  /** Whether the answer is a list for each text, or the list of the only one. */
  readonly batch: boolean;
  /** How many labels are named of each text; all without it. */
  readonly most?: number;
}

const fields = ['inputs', 'raw_scores', 'truncate', 'truncation_direction'];

/** @throws Refusal */
export function readInference(body: HeaderObject, limits: ServingLimits): InferenceRequest {
  if (body.entries.has('parameters')) return readOfHubClient(body, limits);
  requireKnown(body, fields);
  if (flagOf(body, 'raw_scores') === true)
    throw wrongField('raw_scores', 'an ensemble of models has probabilities alone', { expected: 'false' });
  if (flagOf(body, 'truncate') === false)
    throw wrongField('truncate', 'long texts are read as in training', {
      expected: 'true, or no such field',
    });
  if (body.entries.has('truncation_direction'))
    throw wrongField('truncation_direction', 'long texts are read as in training', {
      expected: 'no such field',
    });
  return readInputs(body.entries.get('inputs'), limits);
}

/** A text, `[text]`, or `[[text], [text], …]`: a list of two texts is a pair there, which these models do not take. */
function readInputs(inputs: HeaderValue | undefined, limits: ServingLimits): InferenceRequest {
  if (!Array.isArray(inputs)) return { texts: [textOf('inputs', inputs, limits)], batch: false };
  requireCount('inputs', inputs.length, limits);
  if (!Array.isArray(inputs[0])) return { texts: [onlyText('inputs', inputs, limits)], batch: false };
  return { texts: inputs.map((each, i) => onlyText(`inputs[${i}]`, each, limits)), batch: true };
}

/** `{"inputs": text or texts, "parameters": {"top_k": 3}}`: a list of texts is a batch, and so is one alone. */
function readOfHubClient(body: HeaderObject, limits: ServingLimits): InferenceRequest {
  requireKnown(body, ['inputs', 'parameters']);
  const parameters = body.entries.get('parameters');
  if (!(parameters instanceof HeaderObject)) throw wrongField('parameters', 'it is no object');
  requireKnown(parameters, ['top_k'], 'parameters');
  const most = parameters.entries.get('top_k');
  if (most !== undefined && !(typeof most === 'number' && Number.isInteger(most) && most > 0))
    throw wrongField('parameters.top_k', 'it is no count', { expected: 'a whole number above 0' });
  const inputs = body.entries.get('inputs');
  if (Array.isArray(inputs)) requireCount('inputs', inputs.length, limits);
  const texts = Array.isArray(inputs)
    ? inputs.map((text, i) => textOf(`inputs[${i}]`, text, limits))
    : [textOf('inputs', inputs, limits)];
  return { texts, batch: true, ...(most === undefined ? {} : { most }) };
}

function onlyText(where: string, value: HeaderValue, limits: ServingLimits): string {
  if (Array.isArray(value) && value.length === 1) return textOf(`${where}[0]`, value[0], limits);
  throw wrongField(where, 'it is not one text', {
    expected: 'a list of one text',
    remedy: 'Several texts are [["one"], ["another"]]; pairs of texts are not taken.',
  });
}

/** The largest score first. */
export function inferenceAnswer(
  { labels }: About,
  scored: Scored,
  { batch, most }: InferenceRequest,
): unknown {
  const lists = rowsOf(scored, labels.length).map(({ probabilities }) =>
    labels
      .map((label, i) => ({ label, score: probabilities[i] ?? 0 }))
      .sort((a, b) => b.score - a.score)
      .slice(0, most),
  );
  return batch ? lists : lists[0];
}

/** By status, as the other server names them. */
export function inferenceFault({ status, message }: Refusal): object {
  const types: Readonly<Record<number, string>> = { 429: 'Overloaded', 500: 'Backend', 503: 'Unhealthy' };
  return { error: message, error_type: types[status] ?? 'Validation' };
}

/** `GET /info`: what the other server tells of a classifier, and `ensemble`, which is ours. */
export function info(
  { version, labels, maxLength, run, precision, ...about }: About,
  { batchTexts }: BatchingOptions,
  { queuedTexts, texts }: ServingLimits,
): object {
  return {
    model_id: run,
    model_sha: null,
    model_dtype: precision,
    model_type: {
      classifier: {
        id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
        label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
      },
    },
    max_concurrent_requests: queuedTexts,
    max_input_length: maxLength,
    max_batch_tokens: batchTexts * maxLength,
    max_batch_requests: batchTexts,
    max_client_batch_size: texts,
    auto_truncate: true,
    tokenization_workers: 1,
    version,
    ensemble: { run, labels, precision, ...about },
  };
}
