import { foldTotal } from './folds.js';
import type { Pipeline } from './pipeline.js';

/**
 * What a step's `matrix` says: it runs once for every combination of a fold and a value of each other axis,
 * an axis being a path of the configuration (`training.seed: [42, 43]`).
 */
export type Matrix = { readonly fold: 'all' } & Readonly<Record<string, 'all' | readonly unknown[]>>;

/** A path of the configuration with the values that it takes in turn. */
export interface Axis {
  readonly path: string;
  readonly values: readonly unknown[];
}

/** One member of the ensemble: a combination of the axes besides the fold, trained on every fold. */
export interface Combination {
  /** Readable, and safe as a folder: `seed-42_maxLength-64`. Empty where folds are the only axis. */
  readonly id: string;
  /** By path, in the order of the axes. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What one activity of a matrix trains: a member of the ensemble on one fold. */
export interface Cell {
  /** A combination's id; empty where folds are the only axis. */
  readonly member: string;
  /** 1 … K; of repeated splits on to R · K. */
  readonly fold: number;
}

/** Folders are named so: a letter first, so that no member is taken for a fold. */
export const memberPattern = /^(?:[A-Za-z][A-Za-z0-9._-]{0,119})?$/;

/** How a cell is called: `3`, or `seed-42/3` in a matrix over more than folds. */
export function cellId({ member, fold }: Cell): string {
  return member === '' ? String(fold) : `${member}/${fold}`;
}

/** The fold of a cell, and its member where that has a name: as results and events tell of it. */
export function namedCell({ member, fold }: Cell): { readonly member?: string; readonly fold: number } {
  return member === '' ? { fold } : { member, fold };
}

/** The axes of the step that trains, besides the fold; none in a pipeline without such a step. */
export function axesOf({ steps }: Pick<Pipeline, 'steps'>): Axis[] {
  const trains = Object.values(steps).find(({ matrix }) => matrix !== undefined);
  return axesIn(trains?.matrix ?? {});
}

export function axesIn(matrix: Readonly<Record<string, unknown>>): Axis[] {
  return Object.entries(matrix).flatMap(([path, values]) =>
    path !== 'fold' && Array.isArray(values) ? [{ path, values: values as unknown[] }] : [],
  );
}

/** How many combinations the axes have, without making them. */
export function memberCount(axes: readonly Axis[]): number {
  return axes.reduce((product, { values }) => product * values.length, 1);
}

/** The members of a pipeline's ensemble, the last axis varying fastest; one without a name where there are no axes. */
export function combinationsOf(axes: readonly Axis[]): Combination[] {
  const names = axisNames(axes.map(({ path }) => path));
  let found: Combination[] = [{ id: '', settings: {} }];
  axes.forEach(({ path, values }, axis) => {
    const words = valueNames(values).map((word) => `${names[axis]}-${word}`);
    found = found.flatMap(({ id, settings }) =>
      values.map((value, place) => ({
        id: id === '' ? words[place]! : `${id}_${words[place]}`,
        settings: { ...settings, [path]: value },
      })),
    );
  });
  const fits = found.every(({ id }) => memberPattern.test(id));
  return fits ? found : found.map(({ settings }, place) => ({ id: `member-${place + 1}`, settings }));
}

/** Every cell of a pipeline's matrix: member by member, so that a member is whole before the next. */
export function cellsOf(pipeline: Pick<Pipeline, 'steps' | 'folds'>): Cell[] {
  const folds = Array.from({ length: foldTotal(pipeline.folds) }, (_, index) => index + 1);
  return combinationsOf(axesOf(pipeline)).flatMap(({ id }) => folds.map((fold) => ({ member: id, fold })));
}

/** Epochs of the member that trains longest. */
export function mostEpochs(pipeline: Pick<Pipeline, 'steps' | 'training'>): number {
  const axis = axesOf(pipeline).find(({ path }) => path === 'training.epochs');
  const counts = axis?.values.filter((value) => typeof value === 'number') ?? [];
  return Math.max(pipeline.training.epochs, ...counts);
}

/** The end of each path that tells it from the others: `seed`, or `scratch-layers`. */
function axisNames(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const parts = path.split('.');
    const ends = parts.map((_, place) => parts.slice(parts.length - 1 - place));
    const unique = (end: readonly string[]): boolean =>
      paths.filter((other) => `.${other}`.endsWith(`.${end.join('.')}`)).length === 1;
    return (ends.find(unique) ?? parts).join('-').replaceAll(/[^A-Za-z0-9._-]/g, '-');
  });
}

const longestWord = 40;

/** A word for each value; its number where words would be alike, or say nothing. */
function valueNames(values: readonly unknown[]): string[] {
  const words = values.map(wordOf);
  const distinct = new Set(words.map((word) => word.toLowerCase())).size === words.length;
  return distinct && !words.includes('') ? words : values.map((_, place) => String(place + 1));
}

function wordOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return '';
  const name = value.split(/[\\/]/).findLast((part) => part !== '') ?? '';
  const word = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[._-]+|[._-]+$/g, '');
  return word.length > longestWord ? '' : word;
}
