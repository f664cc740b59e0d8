import type { HeaderObject } from '../engine/checkpoint/strict-json.js';
import type { Scored } from '../ensemble/joined.js';
import { requireCount, requireKnown, textOf, wrongField } from './fields.js';
import type { ServingLimits } from './limits.js';
import type { About } from './served.js';

/** `POST /v1/predict`: the texts of `{"texts": [...]}`. @throws Refusal */
export function readTexts(body: HeaderObject, limits: ServingLimits): string[] {
  requireKnown(body, ['texts']);
  const texts = body.entries.get('texts');
  if (!Array.isArray(texts)) throw wrongField('texts', 'it is no list', { expected: 'a list of strings' });
  requireCount('texts', texts.length, limits);
  return texts.map((text, i) => textOf(`texts[${i}]`, text, limits));
}

/** Of each text its probabilities by label and the labels that it is given; and who says so. */
export function predictions({ run, pipeline, labels }: About, scored: Scored): object {
  return {
    ensemble: { run, pipeline },
    predictions: rowsOf(scored, labels.length).map(({ probabilities, decisions }) => ({
      probabilities: Object.fromEntries(labels.map((label, i) => [label, probabilities[i]])),
      labels: labels.filter((_, i) => decisions[i] === 1),
    })),
  };
}

/** Of one text, a value for each label. */
export interface Row {
  readonly probabilities: readonly number[];
  readonly decisions: Uint8Array;
}

export function rowsOf({ probabilities, decisions }: Scored, width: number): Row[] {
  return Array.from({ length: decisions.length / width }, (_, row) => {
    const [from, to] = [row * width, (row + 1) * width];
    return {
      probabilities: Array.from(probabilities.subarray(from, to), readable),
      decisions: decisions.subarray(from, to),
    };
  });
}

/** The digits that a float32 has. */
const digits = 9;

function readable(value: number): number {
  return Number(value.toPrecision(digits));
}
