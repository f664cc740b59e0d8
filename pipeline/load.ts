import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { inWords } from '../errors/system-codes.js';
import { memberConfiguration, memberProblems, withAxes } from './axes.js';
import { crossChecks } from './checks.js';
import { isMap } from './configuration.js';
import { completeStep, defaultSteps } from './defaults.js';
import { parseSource, type At, type SourceDocument } from './document.js';
import { describe, problemsOf } from './issues.js';
import { withLists } from './lists.js';
import { schemeOf } from './location.js';
import { applyOverrides, type Override } from './overrides.js';
import { modelUse, type ModelOptions, type Pipeline, type Step } from './pipeline.js';
import { maxProblems, PipelineFault, type LocatedProblem, type Path, type Problem } from './problem.js';
import { defaultTextColumns, pipelineSchema, type PipelineDocument } from './schema.js';
import { sizeProblems } from './size.js';

/** Where a pipeline stands: in a file, which faults name with line and column, or in what somebody handed over. */
export type PipelinePlace =
  /** The path as the user wrote it; its folder is what paths are relative to. */
  | { readonly file: string }
  /** `words` name in faults what it was handed over as, and `folder` is what paths are relative to. */
  | { readonly words: string; readonly folder: string };

export type ParseOptions = PipelinePlace & {
  /** Values by dotted path, as `--set` takes them: YAML scalars or flow collections. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Whether a folder exists, to tell a model's folder from a hub name. Default: none does. */
  readonly isFolder?: (path: string) => boolean;
};

const maxFileBytes = 1024 * 1024;

/**
 * Reads a pipeline of YAML or JSON, fills in every default and makes every path absolute. Paths in
 * overrides, too, are relative to the file.
 *
 * @throws PipelineFault listing every fault
 */
export function parsePipeline(text: string, options: ParseOptions): Pipeline {
  const { overrides = {}, isFolder } = options;
  const { name, at, folder, relativeTo } = placeOf(options);
  const source = parseSource(text, at);
  if (!source.sound) throw new PipelineFault(name, source.problems);

  if (!isPipeline(source.value)) throw new PipelineFault(name, [notAPipeline(at(1, 1), source.value)]);

  const configuration = withSteps(withLists(source.value), overrides);
  const { value: overridden, applied, problems } = applyOverrides(configuration, overrides);
  const value = withAxes(withLists(overridden));
  const examined = (configuration: unknown) => examine(configuration, { folder, relativeTo }, isFolder);
  const { document, model, problems: found } = examined(value);
  if (found.length === 0 && isMap(value)) {
    const problemsWith = (settings: Readonly<Record<string, unknown>>): readonly Problem[] =>
      examined(memberConfiguration(value, { settings })).problems;
    found.push(...memberProblems(value, problemsWith));
  }

  // One more than are told, so that the fault knows that there are more.
  const located = found
    .slice(0, maxProblems + 1)
    .map((problem) => ({ ...problem, where: locate(problem, source, applied, at) }));
  const all = [...source.problems, ...problems, ...located];
  if (document === undefined || model === undefined || model === 'unresolved' || all.length > 0) {
    throw new PipelineFault(name, sorted(all));
  }
  const pipeline = complete(document, model, folder, isFolder);
  const sizes = sizeProblems(pipeline);
  if (sizes.length === 0) return pipeline;
  throw new PipelineFault(
    name,
    sizes.map((problem) => ({ ...problem, where: locate(problem, source, applied, at) })),
  );
}

interface Place {
  readonly name: string;
  readonly at: At;
  readonly folder: string;
  /** What paths are relative to, in the words of a fault. */
  readonly relativeTo: string;
}

/** What was handed over is one line of JSON that nobody wrote so: the path within it says where a fault is. */
function placeOf(place: PipelinePlace): Place {
  if ('file' in place) {
    const { file } = place;
    const at: At = (line, column) => `${file}:${line}:${column}`;
    return { name: file, at, folder: dirname(resolve(file)), relativeTo: 'this file' };
  }
  const { words, folder } = place;
  return { name: words, at: () => words, folder, relativeTo: folder };
}

/**
 * Reads a pipeline's file.
 *
 * @throws PipelineFault listing every fault; InputFault when there is no such file, or one above 1 MiB
 */
export function readPipeline(path: string, options: Pick<ParseOptions, 'overrides'> = {}): Pipeline {
  return parsePipeline(readBounded(path), { ...options, file: path, isFolder: folderExists });
}

/**
 * Whether a file is a pipeline at all, be it a wrong one. What is not must not be quoted, as faults do: it may
 * be a table that was named by mistake, or by somebody who wants to read it.
 */
function isPipeline(value: unknown): boolean {
  // An empty file has nothing to quote, and overrides may fill it.
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  const known = Object.keys(pipelineSchema.shape);
  const keys = Object.keys(value);
  const strange = keys.filter((key) => !known.includes(key)).length;
  return strange === 0 || keys.length - strange >= fewestKnown;
}

/** Top-level keys that a wrong pipeline must have at least, so that its others are told. */
const fewestKnown = 2;

function notAPipeline(where: string, value: unknown): LocatedProblem {
  const found = Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'a map of other things'
      : 'a text';
  const expected = `a pipeline: a map with ${Object.keys(pipelineSchema.shape).join(', ')}`;
  return { where, path: [], found, expected };
}

/** An override of a step of a file that declares none is one of the steps that it then has. */
function withSteps(configuration: unknown, overrides: Readonly<Record<string, string>>): unknown {
  if (!isMap(configuration) || configuration['steps'] !== undefined) return configuration;
  const others = Object.entries(overrides).filter(([path]) => !path.startsWith('steps.'));
  if (others.length === Object.keys(overrides).length) return configuration;
  // Which steps it has depends on whether there is a test table in the end.
  const { value } = applyOverrides(configuration, Object.fromEntries(others));
  const data = isMap(value) ? value['data'] : undefined;
  const test = isMap(data) && data['test'] !== undefined ? { test: '' } : {};
  return { ...configuration, steps: defaultSteps(test) };
}

/** A whole configuration, the pipeline's or that of one member alone, with what is wrong with it. */
function examine(
  configuration: unknown,
  { folder, relativeTo }: Pick<Place, 'folder' | 'relativeTo'>,
  isFolder: ParseOptions['isFolder'],
): {
  readonly document: PipelineDocument | undefined;
  readonly model: ModelOptions | 'unresolved' | undefined;
  readonly problems: Problem[];
} {
  const { data: document, error } = pipelineSchema.safeParse(configuration);
  const problems = [...problemsOf(error?.issues ?? [], configuration), ...crossChecks(configuration)];
  const model = document && resolveModel(document.model, folder, isFolder);
  if (model === 'unresolved') problems.push(unresolvedModel(document?.model.checkpoint, relativeTo));
  return { document, model, problems };
}

/** Fills in the steps and makes every path absolute. */
export function complete(
  document: PipelineDocument,
  model: ModelOptions,
  folder: string,
  isFolder?: ParseOptions['isFolder'],
): Pipeline {
  const { name, task, labels, folds, training, ensemble, calibration, thresholds, report, steps } = document;
  const { text, id, target, gates, test, train } = document.data;
  const data = {
    train: absolute(train, folder),
    ...(test === undefined ? {} : { test: absolute(test, folder) }),
    text:
      text ??
      defaultTextColumns.filter((column) => !(target === undefined ? labels : [target]).includes(column)),
    ...(id === undefined ? {} : { id }),
    ...(target === undefined ? {} : { target }),
    ...(gates === undefined ? {} : { gates }),
  };
  return {
    name,
    task,
    labels,
    data,
    folds,
    model,
    training,
    ...(ensemble === undefined ? {} : { ensemble }),
    ...(calibration === undefined ? {} : { calibration }),
    ...(thresholds === undefined ? {} : { thresholds }),
    ...(report === undefined ? {} : { report }),
    steps:
      steps === undefined
        ? defaultSteps(data)
        : Object.fromEntries(
            Object.entries(steps).map(([step, value]) => [
              step,
              withCheckpoints(completeStep(value), (checkpoint) => {
                const resolved = resolveModel({ checkpoint, maxLength: model.maxLength }, folder, isFolder);
                return resolved === 'unresolved' ? checkpoint : (resolved.checkpoint ?? checkpoint);
              }),
            ]),
          ),
  };
}

/** The step with the checkpoints of its matrix resolved as the pipeline's own. */
function withCheckpoints(step: Step, resolved: (checkpoint: string) => string): Step {
  const values = step.matrix?.['model.checkpoint'];
  if (step.matrix === undefined || !Array.isArray(values)) return step;
  const checkpoints = values.map((value: unknown) => (typeof value === 'string' ? resolved(value) : value));
  return { ...step, matrix: { ...step.matrix, 'model.checkpoint': checkpoints } };
}

/** The model with its checkpoint's folder absolute; `unresolved` where that is neither a folder nor a name of the hub. */
export function resolveModel(
  { checkpoint, scratch, ...use }: PipelineDocument['model'],
  folder: string,
  isFolder: (path: string) => boolean = () => false,
): ModelOptions | 'unresolved' {
  const others = modelUse(use);
  if (checkpoint === undefined) return { ...(scratch === undefined ? {} : { scratch }), ...others };
  const path = absolute(checkpoint, folder);
  if (/^(?:\.{1,2}(?:[\\/]|$)|[\\/]|[A-Za-z]:[\\/])/.test(checkpoint) || isFolder(path)) {
    return { checkpoint: path, ...others };
  }
  return hubName.test(checkpoint) && !checkpoint.includes('..') ? { checkpoint, ...others } : 'unresolved';
}

/** `model` or `owner/model`, each also with `@` and a branch, tag or commit. */
const hubName =
  /^[A-Za-z0-9][\w.-]{0,95}(?:\/[A-Za-z0-9][\w.-]{0,95})?(?:@(?=.{1,200}$)[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*)?$/;

function unresolvedModel(checkpoint: string | undefined, relativeTo: string): Problem {
  return {
    path: ['model', 'checkpoint'],
    found: describe(checkpoint),
    expected: `an existing folder (relative to ${relativeTo}) or the name of a model on the hub, like owner/model or owner/model@revision`,
  };
}

/** URIs stay as they are: who reads them decides which schemes are allowed. */
function absolute(path: string, folder: string): string {
  return schemeOf(path) === null ? resolve(folder, path) : path;
}

/** A position in the file, or the `--set` that wrote the value at fault. */
function locate(
  { path, atKey }: Problem,
  source: SourceDocument,
  applied: readonly Override[],
  at: At,
): string {
  const setter = applied.findLast((override) => isPrefix(override.path, path));
  if (setter !== undefined) return `--set ${setter.name}`;
  const exact = source.position(path, atKey);
  if (exact !== undefined) return exact;
  const maker = applied.findLast((override) => isPrefix(path, override.path));
  if (maker !== undefined) return `--set ${maker.name}`;
  // What is missing is told where it should stand: in the innermost part that is there.
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const position = source.position(path.slice(0, depth), true);
    if (position !== undefined) return position;
  }
  return at(1, 1);
}

function isPrefix(start: Path, path: Path): boolean {
  return start.length <= path.length && start.every((part, index) => part === path[index]);
}

/** In the order of the file; what `--set` brought in comes last. */
function sorted(problems: readonly LocatedProblem[]): LocatedProblem[] {
  const place = ({ where }: LocatedProblem): [number, number] => {
    const match = where.startsWith('--set ') ? null : /:(\d+):(\d+)$/.exec(where);
    return match === null ? [Infinity, 0] : [Number(match[1]), Number(match[2])];
  };
  return problems.toSorted((a, b) => {
    const [lineA, columnA] = place(a);
    const [lineB, columnB] = place(b);
    return lineA === lineB ? columnA - columnB : lineA < lineB ? -1 : 1;
  });
}

/** Whether a path is that of a folder, however odd the path. */
export function folderExists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // A name that is too long, a loop of links: no folder either way.
    return false;
  }
}

function readBounded(path: string): string {
  const file = openFile(path);
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) {
      throw new InputFault({
        where: path,
        what: 'this is not a file',
        expected: 'a pipeline in YAML or JSON',
      });
    }
    if (facts.size > maxFileBytes) {
      const found = `${facts.size} bytes`;
      throw new InputFault({
        where: path,
        what: 'the file is too large for a pipeline',
        found,
        expected: `at most ${maxFileBytes} bytes`,
      });
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InputFault({ where: path, what: 'the file is not UTF-8', remedy: 'Save it as UTF-8.' });
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    // Without waiting: a pipe has nobody who writes, and would never open.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new InputFault({
      where: path,
      ...(code === 'ENOENT'
        ? { what: 'there is no such file' }
        : { what: 'the file cannot be opened', found: inWords(code) }),
      expected: 'a pipeline in YAML or JSON',
      remedy: 'Give the path of a pipeline, as in `foldwise run pipeline.yaml`.',
    });
  }
}
