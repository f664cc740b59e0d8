import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createActivities, type Activities } from '../../../activities/index.js';
import { InputFault } from '../../../errors/fault.js';
import { createServices } from '../../../worker/services.js';
import type { Dice } from '../../dice.js';
import { InstantPredictor, InstantTrainer, noTokens } from '../../scale/instant-trainer.js';
import {
  activityOf,
  sampleCall,
  sampleLabels,
  samplePipeline,
  writeSampleTables,
  type StepName,
} from '../calls.js';
import { mutateJson } from '../mutations.js';
import {
  planMark,
  sampleScoreCall,
  sampleScoring,
  scoreActivities,
  writeSampleEnsemble,
} from '../score-calls.js';
import type { FuzzTarget } from '../target.js';

/** Stands for the workdir, which each input has anew. */
const workdirMark = '/WORKDIR';

const steps = Object.keys(activityOf) as StepName[];

/** Whatever anyone sends to an activity of a worker: what is not refused may neither crash it nor leave the workdir. */
export const activityCalls: FuzzTarget = {
  name: 'activity-calls',
  reads: "arguments of a worker's activities",
  extension: '.json',
  make(dice) {
    const [activity, argument] = sampleOf(dice);
    const broken = dice.between(0, 1) < 0.9 ? mutateJson(dice, argument) : argument;
    return Buffer.from(JSON.stringify([activity, broken ?? null]));
  },
  async run(input, scratch) {
    const workdir = join(scratch, 'outer', 'workdir');
    mkdirSync(workdir, { recursive: true });
    writeSampleTables(workdir);
    const marked = Buffer.from(input).toString('utf8').replaceAll(workdirMark, workdir);
    const text = await withPlan(marked, workdir);
    const [activity, argument] = JSON.parse(text) as [keyof Activities, unknown];
    const outcome = await call(workdir, activity, argument);
    const outside = [...readdirSync(scratch), ...readdirSync(join(scratch, 'outer'))];
    if (outside.join() !== 'outer,workdir')
      throw new Error(`files outside of the workdir: ${outside.join()}`);
    if (outcome.refused) throw new InputFault({ where: activity, what: outcome.message });
    return outcome.message;
  },
};

function sampleOf(dice: Dice): [keyof Activities, unknown] {
  const step = dice.one(steps) ?? 'data';
  const pipeline = samplePipeline(workdirMark);
  switch (dice.one(['call', 'call', 'lookup', 'confirm', 'start', 'path', 'score'] as const)) {
    case 'lookup':
      return [
        'lookupSteps',
        {
          ...sampleCall(step, workdirMark),
          cells: step === 'fold' ? [{ member: '', fold: 1 }, { fold: 2 }] : null,
          references: true,
        },
      ];
    case 'confirm': {
      const results = [{ activity: 'writeReport', member: '', output: {} }];
      return ['confirmResults', { ...sampleCall(step, workdirMark), results }];
    }
    case 'start':
      return ['resolvePipeline', { pipeline, run: 'run', fresh: false, overrides: { 'training.epochs': 2 } }];
    case 'score': {
      const activity = dice.one(scoreActivities) ?? 'planScore';
      return [activity, sampleScoreCall(activity, workdirMark)];
    }
    case 'path':
      return ['resolvePipeline', { pipeline: `${workdirMark}/train.csv`, run: 'run' }];
    default:
      return [activityOf[step], sampleCall(step, workdirMark)];
  }
}

/** The input with the plan that it names, which is made first; and with the ensemble to plan with. */
async function withPlan(text: string, workdir: string): Promise<string> {
  if (!scoreActivities.some((name) => text.includes(name))) return text;
  writeSampleEnsemble(workdir);
  const mark = JSON.stringify(planMark);
  if (!text.includes(mark)) return text;
  const planned = await activitiesIn(workdir, (activities) => activities.planScore(sampleScoring(workdir)));
  const { plan } = planned as { plan: unknown };
  return text.replaceAll(mark, JSON.stringify(plan));
}

async function call(
  workdir: string,
  activity: keyof Activities,
  argument: unknown,
): Promise<{ refused: boolean; message: string }> {
  try {
    await activitiesIn(workdir, (activities) => activities[activity](argument), activity);
    return { refused: false, message: 'done' };
  } catch (error) {
    // Named by nobody: a defect, as is anything that is no failure of an activity.
    if (!(error instanceof ApplicationFailure) || error.type === 'Unexpected') throw error;
    return {
      refused: error.nonRetryable === true && error.type !== 'ArtifactMissing',
      message: error.message,
    };
  }
}

/** Does something with the activities of a worker of a workdir. */
async function activitiesIn<T>(
  workdir: string,
  work: (activities: Activities) => Promise<T>,
  activityType: keyof Activities = 'planScore',
): Promise<T> {
  const activities = createActivities({
    ...createServices({ workdir, roots: [workdir], searchAttributes: false }),
    trainer: new InstantTrainer(),
    predictor: new InstantPredictor(sampleLabels.length),
    models: {
      locate: () => Promise.reject(new InputFault({ where: 'the hub', what: 'nothing is fetched here' })),
      learnTokenizer: () => Promise.resolve('{}'),
      countTokens: () => Promise.resolve(noTokens),
    },
    engineSignature: () => 'instant',
  });
  const environment = new MockActivityEnvironment({ activityType }, { logger: quiet });
  return environment.run(() => work(activities));
}

const none = (): void => undefined;
const quiet = { trace: none, debug: none, info: none, warn: none, error: none, log: none };
