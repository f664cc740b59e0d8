/** The parts of a step that say how it hangs together with others; `run` may still be unknown. */
export interface StepOutline {
  readonly run: string;
  readonly needs: readonly string[];
  readonly matrix: boolean;
}

export type StepOutlines = Readonly<Record<string, StepOutline>>;

/** The step itself excluded; names that are no steps are passed over. */
export function ancestors(steps: StepOutlines, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...needsOf(steps, name)];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...needsOf(steps, next));
  }
  return found;
}

/** Cycles, as the names along their needs: `[a, b]` is a → b → a. At most `limit`, and one if there is any. */
export function cycles(steps: StepOutlines, limit: number): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (name: string, path: string[]): void => {
    if (found.length >= limit) return;
    const start = path.indexOf(name);
    if (start >= 0) {
      found.push(path.slice(start));
      return;
    }
    if (done.has(name)) return;
    for (const need of needsOf(steps, name)) visit(need, [...path, name]);
    done.add(name);
  };
  for (const name of Object.keys(steps)) visit(name, []);
  return found;
}

/**
 * The steps, each after all it needs; of those that could come next, the first of the file.
 * Only for steps without cycles.
 */
export function topologicalOrder(steps: StepOutlines): string[] {
  const order: string[] = [];
  const placed = new Set<string>();
  const names = Object.keys(steps);
  while (order.length < names.length) {
    const next = names.find(
      (name) => !placed.has(name) && needsOf(steps, name).every((need) => placed.has(need)),
    );
    if (next === undefined) throw new RangeError('topologicalOrder was given steps with a cycle');
    order.push(next);
    placed.add(next);
  }
  return order;
}

function needsOf(steps: StepOutlines, name: string): readonly string[] {
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
  return step?.needs.filter((need) => Object.hasOwn(steps, need)) ?? [];
}
