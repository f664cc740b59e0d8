import { splitWords } from '../../pipeline/folds.js';
import { membersOf } from '../../pipeline/members.js';
import { optionsSet } from '../../pipeline/neutral-settings.js';
import type { ModelOptions } from '../../pipeline/pipeline.js';
import { deviceWords } from '../device-words.js';
import { decisionSettings } from '../decision-words.js';
import { html, type Html } from '../html.js';
import { count, duration } from '../notation.js';
import { fileName, modelName } from '../places.js';
import type { RunResult } from '../run-result.js';
import type { Section } from '../section.js';

type Fact = readonly [name: string, value: string];

/** What was run, on what, with which settings, in which versions, and how long each step took. */
export const factsSection: Section = {
  id: 'run',
  title: 'The run',
  draw: ({ result }) =>
    html`<div class="facts">
      ${group('Data', dataFacts(result))} ${group('Model', modelFacts(result))}
      ${group('Training', trainingFacts(result))} ${group('Time by step', timeFacts(result))}
      ${group('Versions', Object.entries(result.versions))}
    </div>`,
};

function group(title: string, facts: readonly Fact[]): Html {
  return html`<div>
    <h3>${title}</h3>
    <dl>
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </div>`;
}

function dataFacts({ rows, split, rowsWithoutOof, configuration: { data } }: RunResult): Fact[] {
  return [
    ['training rows', count(rows.train)],
    ['test rows', rows.test === null ? 'none: nothing was submitted' : count(rows.test)],
    ...(split?.groups == null ? [] : [['groups kept in one fold', count(split.groups)] as const]),
    ...(split?.rowsTogether == null
      ? []
      : [['rows with the text of another', count(split.rowsTogether)] as const]),
    ['rows without a prediction', count(rowsWithoutOof)],
    ['training file', fileName(data.train)],
    ...(data.test === undefined ? [] : [['test file', fileName(data.test)] as const]),
  ];
}

function modelFacts({ configuration }: RunResult): Fact[] {
  return ofMembers(configuration, modelOf);
}

function modelOf({ model }: RunResult['configuration']): Fact[] {
  const { scratch, checkpoint } = model;
  const length: Fact = lengthOf(model);
  if (scratch === undefined) return [['checkpoint', modelName(checkpoint ?? '')], length];
  return [
    ['from scratch', scratch.type],
    ['layers × width', `${scratch.layers} × ${scratch.hiddenSize}`],
    ['heads', String(scratch.heads)],
    ['vocabulary', count(scratch.vocabulary)],
    length,
  ];
}

function lengthOf({ maxLength, truncation = 'auto', windows }: ModelOptions): Fact {
  const kept = { auto: '', head: ', the first', tail: ', the last', both: ', the first and the last' }[
    truncation
  ];
  if (windows === undefined) return ['truncated at', `${maxLength} tokens${kept}`];
  const { most, overlap } = windows;
  return ['read in', `up to ${most} windows of ${maxLength} tokens that share ${overlap}${kept}`];
}

function trainingFacts(result: RunResult): Fact[] {
  return ofMembers(result.configuration, (member) => trainingOf(member, result));
}

function trainingOf(
  configuration: RunResult['configuration'],
  { folds, members = [], skippedFolds }: RunResult,
): Fact[] {
  const { training, folds: split } = configuration;
  const skipped = skippedFolds.length === 0 ? '' : `, ${skippedFolds.length} skipped`;
  return [
    ['split', `${splitWords(split)}${skipped}`],
    ...(members.length === 0 ? [] : [['members', String(members.length)] as const]),
    ['epochs', String(training.epochs)],
    ['batch size', String(training.batchSize)],
    ['learning rate', String(training.learningRate)],
    ['warm-up', `${training.warmupRatio * 100} % of the steps`],
    ['weight decay', String(training.weightDecay)],
    ['gradient norm at most', String(training.maxGradNorm)],
    ...optionsSet(training).map(([name, value]): Fact => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
    ...decisionSettings(configuration),
    ['seeds', distinct(folds.map(({ seed }) => seed))],
    [
      'device',
      distinct(
        folds.map(
          (fold) => `${deviceWords(fold)}, ${fold.threads === 1 ? '1 thread' : `${fold.threads} threads`}`,
        ),
      ),
    ],
  ];
}

function timeFacts({ seconds, reused = [] }: RunResult): Fact[] {
  return Object.entries(seconds).map(([step, value]): Fact => [
    step,
    reused.includes(step) ? 'reused' : duration(value),
  ]);
}

/** The facts of all members of an ensemble, by name: each value once. */
function ofMembers(
  configuration: RunResult['configuration'],
  factsOf: (member: RunResult['configuration']) => readonly Fact[],
): Fact[] {
  const values = new Map<string, string[]>();
  for (const [name, value] of membersOf(configuration).flatMap(({ pipeline }) => factsOf(pipeline))) {
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return [...values].map(([name, found]): Fact => [name, distinct(found)]);
}

function distinct(values: readonly (string | number)[]): string {
  return [...new Set(values)].join('; ');
}
