import { isMap } from './configuration.js';
import { describe } from './issues.js';
import { axesIn, combinationsOf, memberCount, type Axis, type Combination } from './matrix.js';
import { applyOverrides } from './overrides.js';
import type { Path, Problem } from './problem.js';
import { bitlessSettings } from './neutral-settings.js';
import { matrixLimits } from './schema.js';

/** What an axis may vary: what the preparation of the data reads must be the same for all members. */
const variable = ['model.', 'training.'] as const;
/** They change no bit of a result, so that members which differ in nothing else would be one and the same. */
const without = bitlessSettings.map((name): string => `training.${name}`);
/** Of these a pipeline must have one, which its matrix may give. */
const models = ['model.checkpoint', 'model.scratch'];

/**
 * A configuration in which the axes of each matrix stand by their dotted paths, however they were nested. The
 * pipeline's own model, where nothing else gives it, is the first of the matrix.
 */
export function withAxes(configuration: unknown): unknown {
  if (!isMap(configuration) || !isMap(configuration['steps'])) return configuration;
  let found: Record<string, unknown> = configuration;
  for (const [name, step] of Object.entries(configuration['steps'])) {
    if (name === '__proto__' || !isMap(step) || !isMap(step['matrix'])) continue;
    const matrix = flat(step['matrix']);
    if (Object.keys(matrix).some((key) => !Object.hasOwn(step['matrix'] as object, key))) {
      const steps = { ...(found['steps'] as object), [name]: { ...step, matrix } };
      found = { ...found, steps };
    }
    found = axesIn(matrix).reduce(withFirst, found);
  }
  return found;
}

function flat(matrix: Record<string, unknown>, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(matrix).flatMap(([key, value]) =>
      isMap(value) ? Object.entries(flat(value, `${prefix}${key}.`)) : [[`${prefix}${key}`, value] as const],
    ),
  );
}

function withFirst(configuration: Record<string, unknown>, { path, values }: Axis): Record<string, unknown> {
  if (values.length === 0 || !models.includes(path) || models.some((model) => isSet(configuration, model)))
    return configuration;
  const { value } = applyOverrides(configuration, { [path]: JSON.stringify(values[0]) });
  return value as Record<string, unknown>;
}

function isSet(configuration: unknown, path: string): boolean {
  let value = configuration;
  for (const part of path.split('.')) {
    if (!isMap(value) || !Object.hasOwn(value, part)) return false;
    value = value[part];
  }
  return value !== undefined && value !== null;
}

function isVariable(path: string): boolean {
  return variable.some((start) => path.startsWith(start)) && !without.includes(path);
}

/** The configuration of one member: the pipeline's with its settings put in as `--set` would. */
export function memberConfiguration(
  configuration: object & { readonly steps?: unknown },
  { settings }: Pick<Combination, 'settings'>,
): unknown {
  // JSON is YAML, and reads back as what it was.
  const overrides = Object.fromEntries(
    Object.entries(settings).map(([path, value]) => [path, JSON.stringify(value)]),
  );
  return applyOverrides({ ...configuration, steps: withoutAxes(configuration.steps) }, overrides).value;
}

function withoutAxes(steps: unknown): unknown {
  if (typeof steps !== 'object' || steps === null) return steps;
  return Object.fromEntries(
    Object.entries(steps as Record<string, unknown>).map(([name, step]) => {
      const trains = typeof step === 'object' && step !== null && 'matrix' in step;
      return [name, trains ? { ...step, matrix: { fold: 'all' } } : step];
    }),
  );
}

/** What is wrong with the axes themselves; whether their values fit is asked of each member. */
export function axisProblems(steps: unknown): Problem[] {
  if (!isMap(steps)) return [];
  return Object.entries(steps).flatMap(([name, step]) => {
    if (!isMap(step) || !isMap(step['matrix'])) return [];
    return matrixProblems(['steps', name, 'matrix'], step['matrix']);
  });
}

function matrixProblems(path: Path, matrix: Record<string, unknown>): Problem[] {
  const strange = Object.keys(matrix).filter((key) => key !== 'fold' && !isVariable(key));
  const problems: Problem[] = strange.map((key) => ({
    path: [...path, key],
    atKey: true,
    found: `the matrix axis ${describe(key)}`,
    expected: without.includes(key)
      ? 'one that changes the result'
      : '`fold`, or a path below `model` or `training`: all members see the same data',
  }));
  const axes = axesIn(matrix);
  const overlapping = axes.find(({ path: axis }) =>
    axes.some(({ path: other }) => other.startsWith(`${axis}.`)),
  );
  if (overlapping !== undefined)
    problems.push({
      path: [...path, overlapping.path],
      atKey: true,
      found: `the matrix axis ${describe(overlapping.path)} beside one below it`,
      expected: 'axes of which none sets another',
    });
  problems.push(...axes.flatMap(({ path: axis, values }) => repeated([...path, axis], values)));
  if (axes.length > matrixLimits.axes) {
    const expected = `at most ${matrixLimits.axes} besides the fold`;
    return [...problems, { path, found: `${axes.length} axes`, expected }];
  }
  const members = memberCount(axes);
  if (members <= matrixLimits.members) return problems;
  const expected = `at most ${matrixLimits.members} combinations of the axes besides the fold`;
  return [...problems, { path, found: `${members} combinations`, expected }];
}

/** The same member twice would count twice. */
function repeated(path: Path, values: readonly unknown[]): Problem[] {
  const texts = values.map((value) => JSON.stringify(value));
  const index = texts.findIndex((text, place) => texts.indexOf(text) < place);
  if (index < 0) return [];
  return [
    {
      path: [...path, index],
      found: `${describe(values[index])} a second time`,
      expected: 'each value once',
    },
  ];
}

/**
 * What is wrong with a member, told of the axis that brings it about.
 *
 * @param problemsWith what is wrong with the configuration that has these settings; there is nothing without them
 */
export function memberProblems(
  configuration: object & { readonly steps?: unknown },
  problemsWith: (settings: Readonly<Record<string, unknown>>) => readonly Problem[],
): Problem[] {
  if (!isMap(configuration.steps)) return [];
  for (const [name, step] of Object.entries(configuration.steps)) {
    if (!isMap(step) || !isMap(step['matrix'])) continue;
    const axes = axesIn(step['matrix']);
    if (axes.length === 0) continue;
    const path = ['steps', name, 'matrix'];
    for (const { settings } of combinationsOf(axes)) {
      const problems = problemsWith(settings);
      if (problems.length > 0) return problems.map((problem) => atAxis(problem, path, axes, settings));
    }
  }
  return [];
}

function atAxis(
  { path, found, expected, suggestion }: Problem,
  matrix: Path,
  axes: readonly Axis[],
  settings: Readonly<Record<string, unknown>>,
): Problem {
  const place = path.join('.');
  const axis = axes.find(
    (other) =>
      place === other.path || place.startsWith(`${other.path}.`) || other.path.startsWith(`${place}.`),
  );
  const hint = suggestion === undefined ? {} : { suggestion };
  if (axis === undefined) return { path: matrix, found: `${place} of a member: ${found}`, expected, ...hint };
  const index = axis.values.indexOf(settings[axis.path]);
  const inner = place === axis.path ? '' : `${place}: `;
  return { path: [...matrix, axis.path, index], found: `${inner}${found}`, expected, ...hint };
}
