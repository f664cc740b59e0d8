import { InputFault } from '../errors/fault.js';
import { nearest } from '../errors/suggestion.js';
import { activities, activityNames, isActivity, type Kind } from './activities.js';
import { cellsOf, type Cell } from './matrix.js';
import { ancestors, cycles, topologicalOrder, type StepOutline, type StepOutlines } from './graph.js';
import type { Pipeline, Step } from './pipeline.js';
import type { Problem } from './problem.js';

/** A step with its place in the order and where its inputs come from. */
export interface PlannedStep {
  readonly name: string;
  readonly step: Step;
  /** By kind of input, the one step whose output it takes; it is among the step's ancestors. */
  readonly sources: Readonly<Partial<Record<Kind, string>>>;
  readonly output: Kind;
  /** Of its matrix; empty for a plain step. */
  readonly cells: readonly Cell[];
}

/**
 * The pipeline's steps in an order in which each comes after all it needs; among several that
 * could come next, the first of the file.
 *
 * @throws InputFault naming every fault of the wiring
 */
export function planSteps(pipeline: Pipeline): PlannedStep[] {
  const outlines = Object.fromEntries(
    Object.entries(pipeline.steps).map(([name, step]) => [name, outline(step)]),
  );
  const problems = stepProblems(outlines);
  if (problems.length > 0) {
    const lines = problems.map(
      ({ path, found, expected }) => `${path.join('.')}: found ${found}, expected ${expected}`,
    );
    throw new InputFault({ where: `pipeline ${pipeline.name}`, what: lines.join('; ') });
  }
  const cells = cellsOf(pipeline);
  return topologicalOrder(outlines).map((name) => {
    const step = pipeline.steps[name]!;
    const { inputs, optionalInputs = [], output } = activities[step.run];
    const sources = Object.fromEntries(
      [...inputs, ...optionalInputs].flatMap((kind) =>
        sourcesOf(outlines, name, kind).map((source) => [kind, source]),
      ),
    );
    return { name, step, sources, output, cells: step.matrix ? cells : [] };
  });
}

function outline({ run, needs, matrix }: Step): StepOutline {
  return { run, needs, matrix: matrix !== undefined };
}

/** Every fault in how steps hang together, at the path where it stands. */
export function stepProblems(steps: StepOutlines): Problem[] {
  const problems = Object.keys(steps).flatMap((name) => [
    ...activityProblems(steps, name),
    ...needProblems(steps, name),
  ]);
  problems.push(...cycles(steps, maxCycles).map(cycleProblem), ...repeatedActivities(steps));
  // Wiring follows from names and activities: with those wrong its faults would only be echoes.
  return problems.length > 0 ? problems : Object.keys(steps).flatMap((name) => wiringProblems(steps, name));
}

/** Of a few steps that all need each other there are more cycles than anybody reads. */
const maxCycles = 10;

function activityProblems(steps: StepOutlines, name: string): Problem[] {
  const { run, matrix } = steps[name]!;
  if (!isActivity(run)) {
    const suggestion = nearest(run, activityNames);
    return [
      {
        path: ['steps', name, 'run'],
        found: `the unknown activity ${JSON.stringify(run)}`,
        expected: `one of ${activityNames.join(', ')}`,
        ...(suggestion === undefined ? {} : { suggestion }),
      },
    ];
  }
  if (activities[run].matrix === matrix) return [];
  return matrix
    ? [
        {
          path: ['steps', name, 'matrix'],
          found: `a matrix on ${run}`,
          expected: 'none: only trainFold runs once per cell',
        },
      ]
    : [
        {
          path: ['steps', name],
          found: `${run} without a matrix`,
          expected: '`matrix: { fold: all }`, one training per fold',
        },
      ];
}

const listedSteps = 20;

function needProblems(steps: StepOutlines, name: string): Problem[] {
  const { needs } = steps[name]!;
  return needs.flatMap((need, index): Problem[] => {
    const path = ['steps', name, 'needs', index];
    if (needs.indexOf(need) < index) {
      return [{ path, found: `the step ${JSON.stringify(need)} a second time`, expected: 'each step once' }];
    }
    if (Object.hasOwn(steps, need)) return [];
    const others = Object.keys(steps).filter((other) => other !== name);
    const suggestion = nearest(need, others);
    return [
      {
        path,
        found: `the unknown step ${JSON.stringify(need)}`,
        expected:
          others.length > 0
            ? `one of ${others.slice(0, listedSteps).join(', ')}`
            : 'no needs: there is no other step',
        ...(suggestion === undefined ? {} : { suggestion }),
      },
    ];
  });
}

function cycleProblem(names: readonly string[]): Problem {
  const first = names[0]!;
  return {
    path: ['steps', first, 'needs'],
    found: `the cycle ${[...names, first].join(' → ')} (each needs the next)`,
    expected: 'steps that do not wait for each other',
  };
}

function repeatedActivities(steps: StepOutlines): Problem[] {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, { run }] of Object.entries(steps)) {
    const writes = isActivity(run) ? activities[run].writes : undefined;
    const first = seen.get(run);
    if (first === undefined) seen.set(run, name);
    else if (writes !== undefined) {
      problems.push({
        path: ['steps', name, 'run'],
        found: `a second step of ${run}, besides ${first}`,
        expected: `one at most: both would write ${writes} of the run`,
      });
    }
  }
  return problems;
}

function wiringProblems(steps: StepOutlines, name: string): Problem[] {
  const { run } = steps[name]!;
  if (!isActivity(run)) return [];
  const { inputs, optionalInputs = [] } = activities[run];
  return [...inputs, ...optionalInputs].flatMap((kind): Problem[] => {
    const sources = sourcesOf(steps, name, kind);
    if (sources.length === 1 || (sources.length === 0 && optionalInputs.includes(kind))) return [];
    const makers = activityNames.filter((activity) => activities[activity].output === kind).join(' or ');
    return [
      {
        path: ['steps', name, 'needs'],
        found:
          sources.length === 0
            ? `no step that gives ${run} its ${kind}`
            : `several steps that give ${run} its ${kind}: ${sources.join(', ')}`,
        expected: `${inputs.includes(kind) ? 'exactly' : 'at most'} one step of ${makers} among those it needs, directly or through others`,
      },
    ];
  });
}

/** An input may come from any step that is waited for, so also from one that is needed indirectly. */
function sourcesOf(steps: StepOutlines, name: string, kind: Kind): string[] {
  const before = ancestors(steps, name);
  return Object.keys(steps).filter((other) => {
    const { run } = steps[other]!;
    return before.has(other) && isActivity(run) && activities[run].output === kind;
  });
}
