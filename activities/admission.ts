import { Context } from '@temporalio/activity';
import { EnvironmentFault, InputFault } from '../errors/fault.js';
import { pipelineDigest } from '../pipeline/keys.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { StepCall } from './contracts.js';
import type { OwnedDirectory, RunOwner } from './owned-directory.js';
import { RunDirectory, type RunServices } from './run-directory.js';
import { scoreInputDigest, type ScoreInput } from './scoring/contracts.js';
import { ScoreDirectory, type ScoreServices } from './scoring/score-directory.js';
import type { Services } from './services.js';

/**
 * The runs that a worker works for where that is not everybody's: those that its own process started
 * or goes on with. Each with its whole pipeline, so that a copy of its names is not enough.
 */
export class AcceptedRuns {
  private readonly known = new Set<string>();
  private readonly scorings = new Set<string>();

  /** Before the run is started: its first activity may come at once. */
  add(workflowId: string, run: string, pipeline: Pipeline): void {
    this.known.add(nameOf(workflowId, run)).add(nameOf(workflowId, run, pipelineDigest(pipeline)));
  }

  /** A scoring, with all that it was started with. */
  addScoring(workflowId: string, score: string, input: ScoreInput): void {
    this.scorings.add(nameOf(workflowId, score)).add(nameOf(workflowId, score, scoreInputDigest(input)));
  }

  /** Without an input: whether there is a scoring of these names. */
  hasScoring({ workflowId, score, input }: ScoreWork): boolean {
    return this.scorings.has(nameOf(workflowId, score, input && scoreInputDigest(input)));
  }

  /** Without a pipeline: whether there is a run of these names. */
  has({ workflowId, run, pipeline }: Work): boolean {
    return this.known.has(nameOf(workflowId, run, pipeline && pipelineDigest(pipeline)));
  }
}

interface ScoreWork {
  readonly workflowId: string;
  readonly score: string;
  readonly input?: ScoreInput | undefined;
}

interface Work {
  readonly workflowId: string;
  readonly run: string;
  readonly pipeline?: Pipeline | undefined;
}

function nameOf(...parts: readonly (string | undefined)[]): string {
  return JSON.stringify(parts.filter((part) => part !== undefined));
}

type AdmissionServices = Pick<Services, 'accepts'> & RunServices;

/**
 * Lets an activity work for a run: one that this worker works for, by the workflow that has the run's name.
 *
 * @throws see `requireAccepted` and `requireName`
 */
export async function requireAdmission(
  services: AdmissionServices,
  work: Pick<StepCall<unknown>, 'run' | 'pipeline' | 'settings'>,
): Promise<void> {
  await requireAccepted(services, work);
  await requireName(services, work.run, work.settings.execution);
}

/**
 * @param pipeline as it was sent: a map that is not resolved yet says nothing, and a path names a file that
 *   is not even to be looked at for strangers
 * @throws InputFault for the work of strangers; EnvironmentFault for that of an earlier run of this
 *   workdir, which another worker may do
 */
export async function requireAccepted(
  services: AdmissionServices,
  { run, pipeline }: { readonly run: string; readonly pipeline?: Pipeline | string },
): Promise<void> {
  const { accepts } = services;
  if (accepts === null) return;
  const execution = currentExecution();
  const { workflowId } = execution;
  if (typeof pipeline !== 'string' && accepts.has({ workflowId, run, pipeline })) return;
  const owner = await new RunDirectory(services, run).owner();
  throw isSame(owner, execution) ? later(`run ${run}`) : stranger(`run ${run}`);
}

type ScoreAdmissionServices = Pick<Services, 'accepts'> & ScoreServices;

/** The same for a scoring. @param input what it was started with; absent once it has begun */
export async function requireAcceptedScoring(
  services: ScoreAdmissionServices,
  { score, input }: Pick<ScoreWork, 'score' | 'input'>,
): Promise<void> {
  const { accepts } = services;
  const execution = currentExecution();
  if (accepts === null || accepts.hasScoring({ workflowId: execution.workflowId, score, input })) return;
  const owner = await new ScoreDirectory(services, score).owner();
  throw isSame(owner, execution) ? later(`score ${score}`) : stranger(`score ${score}`);
}

/** Takes the scoring's name for the workflow where nobody has it. @throws see `requireName` */
export async function requireScoreName(
  services: ScoreAdmissionServices,
  score: string,
  former?: string,
): Promise<void> {
  const directory = new ScoreDirectory(services, score);
  await requireOwner(`score ${score}`, directory, former);
}

/**
 * Takes the run's name for the workflow where nobody has it.
 *
 * @param former the execution that took it, of a workflow that was reset since: Temporal names it anew
 * @throws InputFault where another one has the name
 */
export async function requireName(services: AdmissionServices, run: string, former?: string): Promise<void> {
  await requireOwner(`run ${run}`, new RunDirectory(services, run), former);
}

async function requireOwner(where: string, directory: OwnedDirectory, former?: string): Promise<void> {
  const execution = currentExecution();
  const owner = await directory.claim(execution);
  if (isSame(owner, execution)) return;
  if (former !== undefined && isSame(owner, { ...execution, runId: former })) return;
  throw taken(where);
}

/** The workflow that this activity belongs to. @throws InputFault where it belongs to none */
export function currentExecution(): RunOwner {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution !== undefined) return workflowExecution;
  throw new InputFault({
    where: 'the activity',
    what: 'it belongs to no workflow',
    expected: 'a run of `pipeline` or `score`',
  });
}

function isSame(owner: RunOwner | null, { workflowId, runId }: RunOwner): boolean {
  return owner?.workflowId === workflowId && owner.runId === runId;
}

function stranger(where: string): InputFault {
  return new InputFault({
    where,
    what: 'this worker works for the run alone that its own command started',
    remedy: 'Start a worker for every run with `foldwise worker` or `foldwise dev`.',
  });
}

function later(where: string): EnvironmentFault {
  return new EnvironmentFault({
    where,
    what: 'this worker works for another run of the workdir',
    remedy:
      'It goes on with a worker of its own: the same command again, `foldwise worker` or `foldwise dev`.',
  });
}

function taken(where: string): InputFault {
  return new InputFault({
    where,
    what: 'there is another run of that name, whose results would be overwritten',
    remedy: 'Give it another name, or none: then each run gets one of its own, those of a schedule, too.',
  });
}
