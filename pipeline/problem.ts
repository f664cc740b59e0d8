import { InputFault } from '../errors/fault.js';

/** Keys and indices from the root of the configuration. */
export type Path = readonly (string | number)[];

/** One thing that is wrong in a pipeline's configuration. */
export interface Problem {
  readonly path: Path;
  /** What stands there, as a noun phrase. */
  readonly found: string;
  readonly expected: string;
  /** The word that was probably meant. */
  readonly suggestion?: string;
  /** Whether the position is the last key of `path` rather than its value. */
  readonly atKey?: boolean;
}

/** A problem with its place: `file:line:column`, or the `--set` that brought it in. */
export interface LocatedProblem extends Problem {
  readonly where: string;
}

/** More are not told: the message travels, and nobody reads so many. */
export const maxProblems = 100;

/** A pipeline that cannot be used. Its message lists every problem, one a line, up to `maxProblems`. */
export class PipelineFault extends InputFault {
  readonly problems: readonly LocatedProblem[];

  constructor(file: string, problems: readonly LocatedProblem[]) {
    const told = problems.slice(0, maxProblems);
    const count = problems.length === 1 ? '1 fault' : `${problems.length} faults`;
    const title = told.length < problems.length ? `more than ${maxProblems} faults, of which` : count;
    super({ where: file, what: [title, ...told.map(renderProblem)].join('\n') });
    this.problems = told;
  }
}

/** `where path: found …, expected …`. */
export function renderProblem({ where, path, found, expected, suggestion }: LocatedProblem): string {
  const name = renderPath(path);
  const place = name === '' || where === `--set ${name}` ? where : `${where} ${name}`;
  const hint = suggestion === undefined ? '' : `; did you mean ${JSON.stringify(suggestion)}?`;
  return `${place}: found ${found}, expected ${expected}${hint}`;
}

/** `steps.fold.needs[0]`. */
export function renderPath(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}
