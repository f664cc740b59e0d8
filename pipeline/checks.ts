import { axisProblems } from './axes.js';
import { isMap } from './configuration.js';
import { foldProblems } from './fold-checks.js';
import { testRowGates } from './gates.js';
import type { StepOutlines } from './graph.js';
import { stepProblems } from './dag.js';
import { isActivity } from './activities.js';
import type { Problem } from './problem.js';
import { describe } from './issues.js';
import { namesUser } from './location.js';
import { defaultMaxLength, defaultTextColumns, pipelineLimits } from './schema.js';
import { thresholdProblems } from './threshold-checks.js';
import { trainingProblems } from './training-checks.js';

/**
 * Everything that spans several fields. Works on a configuration in which single fields may be
 * wrong, so that all faults can be told at once: what has the wrong form is passed over here.
 */
export function crossChecks(configuration: unknown): Problem[] {
  if (!isMap(configuration)) return [];
  const { labels, data, folds, model, steps, task, thresholds, training } = configuration;
  return [
    ...labelProblems(labels, data),
    ...idProblems(labels, data),
    ...textProblems(labels, data),
    ...taskProblems(task, labels, data),
    ...foldProblems(folds, { task, labels: strings(labels), data }),
    ...thresholdProblems(thresholds, { task, labels: strings(labels) }),
    ...trainingProblems(training, {
      task,
      labels: strings(labels),
      model,
      test: isMap(data) ? data['test'] : undefined,
    }),
    ...modelProblems(model),
    ...stepsProblems(steps),
    ...axisProblems(steps),
    ...submissionProblems(steps, data),
    ...gateProblems(data),
    ...userProblems(data),
  ];
}

/** Columns of `oof.csv` and of the tables must be told apart. */
function labelProblems(labels: unknown, data: unknown): Problem[] {
  const names = strings(labels);
  const { id = 'id', text, target } = isMap(data) ? data : {};
  const taken = new Map<string, string>([['fold', 'the column of the folds in oof.csv']]);
  // Names of classes are no columns of the tables.
  if (target === undefined) for (const column of strings(text)) taken.set(column, 'a text column');
  if (typeof id === 'string') taken.set(id, 'the id column');
  for (const name of names) taken.set(`p_${name}`, `the column of the probabilities of ${name} in oof.csv`);
  return names.flatMap((name, index): Problem[] => {
    const path = ['labels', Array.isArray(labels) ? labels.indexOf(name, index) : index];
    if (names.indexOf(name) < index) {
      return [{ path, found: `the label ${describe(name)} a second time`, expected: 'each label once' }];
    }
    const use = taken.get(name);
    return use === undefined
      ? []
      : [{ path, found: `the label ${describe(name)}`, expected: `another name: this is ${use}` }];
  });
}

/** The ids stand beside the folds and the probabilities in what a run writes. */
function idProblems(labels: unknown, data: unknown): Problem[] {
  const { id } = isMap(data) ? data : {};
  const path = ['data', 'id'];
  const problem = (use: string): Problem[] => [
    { path, found: describe(id), expected: `another name: this is the column of ${use}` },
  ];
  if (id === 'fold') return problem('the folds in oof.csv');
  const label = strings(labels).find((name) => id === `p_${name}`);
  return label === undefined ? [] : problem(`the probabilities of ${label} in oof.csv`);
}

function taskProblems(task: unknown, labels: unknown, data: unknown): Problem[] {
  const { target, text, id = 'id' } = isMap(data) ? data : {};
  if (task !== 'single-label') {
    const expected = 'none, or `task: single-label`: it is a column of one class per row';
    return target === undefined ? [] : [{ path: ['data', 'target'], found: describe(target), expected }];
  }
  const problems: Problem[] = [];
  if (strings(labels).length === 1)
    problems.push({
      path: ['labels'],
      found: 'one class',
      expected: 'two or more, of which each row has one',
    });
  const use =
    target === id ? 'the id column' : strings(text).includes(String(target)) ? 'a text column' : null;
  if (target !== undefined && use !== null)
    problems.push({
      path: ['data', 'target'],
      found: describe(target),
      expected: `another name: this is ${use}`,
    });
  return problems;
}

/** Every column that would be looked for by default is a label. */
function textProblems(labels: unknown, data: unknown): Problem[] {
  if (!isMap(data) || data['text'] !== undefined || data['target'] !== undefined) return [];
  const names = strings(labels);
  if (!defaultTextColumns.every((column) => names.includes(column))) return [];
  const found = 'nothing, and every usual text column is a label';
  return [{ path: ['data', 'text'], found, expected: 'the column of the texts' }];
}

function modelProblems(model: unknown): Problem[] {
  if (!isMap(model)) return [];
  const given = ['checkpoint', 'scratch'].filter((key) => model[key] !== undefined);
  const problems: Problem[] = [];
  if (given.length !== 1) {
    const found = given.length === 0 ? 'neither checkpoint nor scratch' : 'both checkpoint and scratch';
    problems.push({ path: ['model'], found, expected: 'exactly one of them' });
  }
  const { hiddenSize, heads } = isMap(model['scratch']) ? model['scratch'] : {};
  if (typeof hiddenSize === 'number' && typeof heads === 'number' && hiddenSize % heads !== 0) {
    const expected = `a multiple of heads, ${heads}`;
    problems.push({ path: ['model', 'scratch', 'hiddenSize'], found: String(hiddenSize), expected });
  }
  const { maxLength = defaultMaxLength, windows } = model;
  const { overlap } = isMap(windows) ? windows : {};
  if (typeof overlap === 'number' && typeof maxLength === 'number' && overlap >= maxLength - 2) {
    const expected = `fewer than ${maxLength - 2}, the tokens of a window without its special ones`;
    problems.push({ path: ['model', 'windows', 'overlap'], found: String(overlap), expected });
  }
  return problems;
}

function stepsProblems(steps: unknown): Problem[] {
  if (!isMap(steps)) return [];
  const entries = Object.entries(steps);
  if (entries.length === 0)
    return [{ path: ['steps'], found: 'no steps', expected: 'at least one, or no `steps` at all' }];
  if (entries.length > pipelineLimits.steps) {
    return [
      { path: ['steps'], found: `${entries.length} steps`, expected: `at most ${pipelineLimits.steps}` },
    ];
  }
  // The schema's records pass this one name over in silence.
  if (Object.hasOwn(steps, '__proto__')) {
    return [
      { path: ['steps', '__proto__'], atKey: true, found: 'the name "__proto__"', expected: 'another one' },
    ];
  }
  const outlines: StepOutlines = Object.fromEntries(
    entries.map(([name, step]) => {
      const { run, needs, matrix } = isMap(step) ? step : {};
      return [
        name,
        {
          run: typeof run === 'string' ? run : '',
          needs: strings(needs).slice(0, pipelineLimits.steps),
          matrix: isMap(matrix),
        },
      ];
    }),
  );
  // An activity of the wrong form or name is the schema's to tell.
  return stepProblems(outlines).filter(
    ({ path }) => path[2] !== 'run' || isActivity(outlines[String(path[1])]!.run),
  );
}

/** A step that predicts the test rows, of a pipeline that has none. */
function submissionProblems(steps: unknown, data: unknown): Problem[] {
  if (!isMap(steps) || !isMap(data) || data['test'] !== undefined) return [];
  return Object.entries(steps)
    .filter(([, step]) => isMap(step) && step['run'] === 'predictEnsemble')
    .map(([name]) => ({
      path: ['steps', name, 'run'],
      found: 'predictEnsemble without data.test',
      expected: 'a table of rows to predict in data.test, or no such step',
    }));
}

/** Gates of rows to predict, of a pipeline that has none. */
function gateProblems(data: unknown): Problem[] {
  if (!isMap(data) || data['test'] !== undefined) return [];
  const { gates } = data;
  if (!isMap(gates)) return [];
  return testRowGates
    .filter((name) => gates[name] !== undefined)
    .map((name) => ({
      path: ['data', 'gates', name],
      found: describe(gates[name]),
      expected: 'a table of rows to predict in data.test, or no such gate',
    }));
}

/** A password in the address of a table, which would be in the history and in what the run writes. */
function userProblems(data: unknown): Problem[] {
  if (!isMap(data)) return [];
  return ['train', 'test'].flatMap((table) => {
    const location = data[table];
    if (typeof location !== 'string' || !namesUser(location)) return [];
    const expected = 's3://bucket/key; keys belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
    return [{ path: ['data', table], found: 'an address with a user or a password in it', expected }];
  });
}

/** No list of a valid configuration is longer; what is beyond is not looked at. */
const maxEntries = 1000;

function strings(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, maxEntries).filter((entry): entry is string => typeof entry === 'string');
}
