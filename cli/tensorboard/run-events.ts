import { isMap } from '../../pipeline/configuration.js';
import { axesOf, cellId } from '../../pipeline/matrix.js';
import { fileName, modelName } from '../../report/places.js';
import type { FoldResult, RunResult } from '../../report/run-result.js';
import { EventFile, type Scalar, type Setting } from './event-file.js';

/** A file for TensorBoard, by its path within the folder that TensorBoard is shown. */
export interface NamedEvents {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * A run for TensorBoard: its scores and settings as a run of its own, and below it each fold with a point for every
 * epoch. The same bytes for the same result.
 */
export function runEvents(result: RunResult, startedAt: Date): NamedEvents[] {
  const seconds = Math.floor(startedAt.getTime() / 1000);
  const file = (folder: string, fill: (events: EventFile) => void): NamedEvents => {
    const events = new EventFile(seconds);
    fill(events);
    return { path: `${folder}/events.out.tfevents.${seconds}.foldwise`, bytes: events.bytes() };
  };
  return [
    file(result.run, (events) => {
      events.session(settingsOf(result));
      for (const score of scoresOf(result)) events.scalar(score);
    }),
    ...result.folds.map((fold) =>
      file(`${result.run}/fold-${cellId({ member: '', ...fold }).replaceAll('/', '-')}`, (events) => {
        for (const point of epochsOf(fold)) events.scalar(point);
      }),
    ),
  ];
}

function epochsOf({ epochs }: FoldResult): Scalar[] {
  return epochs.flatMap(({ epoch: step, trainLoss, valLoss, macroF1, accuracy }) => [
    { tag: 'loss/training', step, value: trainLoss },
    { tag: 'loss/validation', step, value: valLoss },
    { tag: 'macroF1/validation', step, value: macroF1 },
    ...(accuracy === undefined ? [] : [{ tag: 'accuracy/validation', step, value: accuracy }]),
  ]);
}

/** By the names of result.json. */
function scoresOf({ labels, macroF1, perLabel, assessment, classes }: RunResult): Scalar[] {
  const [from = NaN, to = NaN] = assessment?.macro.intervals.crossFitted ?? [];
  const scores: [tag: string, value: number][] = [
    ...Object.entries(macroF1).map(([name, value]): [string, number] => [`macroF1/${name}`, value]),
    ['macroF1/crossFittedFrom', from],
    ['macroF1/crossFittedTo', to],
    ...Object.entries(classes?.accuracy ?? {}).map(([name, value]): [string, number] => [
      `accuracy/${name}`,
      value,
    ]),
    ...labels.map((label): [string, number] => [`crossFitted/${label}`, perLabel[label]?.crossFitted ?? NaN]),
  ];
  return scores.map(([tag, value]) => ({ tag, step: 0, value }));
}

/** Every setting by its path, of an ensemble's axes all values; no folder of this machine. */
function settingsOf({ configuration, data, rows }: RunResult): Record<string, Setting> {
  const { task, folds, model, training, ensemble, thresholds } = configuration;
  const settings: Record<string, Setting> = {};
  const add = (path: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (isMap(value)) for (const [key, each] of Object.entries(value)) add(`${path}.${key}`, each);
    else settings[path] = isSetting(value) ? value : JSON.stringify(value);
  };
  for (const [path, value] of Object.entries({ task, folds, model, training, ensemble, thresholds }))
    add(path, value);
  if (model.checkpoint !== undefined) add('model.checkpoint', modelName(model.checkpoint));
  for (const { path, values } of axesOf(configuration))
    add(path, JSON.stringify(values.map((value) => (typeof value === 'string' ? modelName(value) : value))));
  add('data.train', fileName(configuration.data.train));
  add('data.rows', rows.train);
  add('data.digest', data?.rows);
  return settings;
}

function isSetting(value: unknown): value is Setting {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
