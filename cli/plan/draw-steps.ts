import type { PlannedStep } from '../../pipeline/dag.js';
import { padEnd } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';

/**
 * The DAG as a tree: each step below the last of those it waits for, which is when it can start; the
 * others that it needs beside its branch are named. `remark` says more of a step at the line's end.
 */
export function drawSteps(
  steps: readonly PlannedStep[],
  remark: (step: PlannedStep) => string,
  ink: Paint,
): string[] {
  const parents = new Map(steps.map((step) => [step.name, lastNeed(step, steps)]));
  const branches = steps.filter(({ name }) => parents.get(name) === null);
  const lines = branches.flatMap((step) => branch(step, { steps, parents, head: '', stem: '' }));
  const width = Math.max(...lines.map(({ head, step }) => head.length + title(step).length));
  return lines.map(({ head, step }) => {
    const name = padEnd(`${ink.dim(head)}${ink.bold(title(step))}`, width);
    return `${name}  ${words(step, parents, steps, remark)}`.trimEnd();
  });
}

interface Branch {
  readonly steps: readonly PlannedStep[];
  readonly parents: ReadonlyMap<string, string | null>;
  /** What is drawn before the step, and before what hangs on it. */
  readonly head: string;
  readonly stem: string;
}

interface DrawnStep {
  readonly head: string;
  readonly step: PlannedStep;
}

function branch(step: PlannedStep, at: Branch): DrawnStep[] {
  const children = at.steps.filter(({ name }) => at.parents.get(name) === step.name);
  const below = children.flatMap((child, i) => {
    const last = i === children.length - 1;
    const head = `${at.stem}${last ? '└─ ' : '├─ '}`;
    return branch(child, { ...at, head, stem: `${at.stem}${last ? '   ' : '│  '}` });
  });
  return [{ head: at.head, step }, ...below];
}

function title({ name, cells }: PlannedStep): string {
  return cells.length === 0 ? name : `${name} × ${cells.length}`;
}

function words(
  step: PlannedStep,
  parents: ReadonlyMap<string, string | null>,
  steps: readonly PlannedStep[],
  remark: (step: PlannedStep) => string,
): string {
  const above = ancestors(parents.get(step.name) ?? null, steps);
  const beside = step.step.needs.filter((need) => !above.has(need));
  const also = beside.length === 0 ? '' : `also after ${beside.join(', ')}`;
  return [step.step.run, also, remark(step)].filter((part) => part !== '').join(', ');
}

/** The need that comes last in the order; null for a step that waits for nothing. */
function lastNeed({ step }: PlannedStep, steps: readonly PlannedStep[]): string | null {
  return steps.findLast(({ name }) => step.needs.includes(name))?.name ?? null;
}

/** A step and everything it waits for. */
function ancestors(name: string | null, steps: readonly PlannedStep[]): Set<string> {
  const step = steps.find((each) => each.name === name);
  if (step === undefined) return new Set();
  return new Set([step.name, ...step.step.needs.flatMap((need) => [...ancestors(need, steps)])]);
}
