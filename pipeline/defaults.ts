import { activities } from './activities.js';
import type { Matrix } from './matrix.js';
import type { DataSource, Pipeline, Step } from './pipeline.js';
import type { StepDocument } from './schema.js';

/** A step of a file, or of the defaults. */
export type DeclaredStep = Omit<StepDocument, 'matrix'> & { readonly matrix?: Matrix | undefined };

/** A step with everything that its file leaves out. */
export function completeStep({ run, needs, matrix, queue, timeout, onFailure }: DeclaredStep): Step {
  const { defaults } = activities[run];
  return {
    run,
    needs,
    ...(matrix === undefined ? {} : { matrix }),
    queue: queue ?? defaults.queue,
    timeout: timeout ?? defaults.timeout,
    onFailure: onFailure ?? defaults.onFailure,
  };
}

const sixSteps: readonly (readonly [string, DeclaredStep])[] = [
  ['data', { run: 'prepareData', needs: [] }],
  ['fold', { run: 'trainFold', needs: ['data'], matrix: { fold: 'all' } }],
  ['oof', { run: 'aggregateOof', needs: ['data', 'fold'] }],
  ['thresholds', { run: 'tuneThresholds', needs: ['oof'] }],
  ['submission', { run: 'predictEnsemble', needs: ['data', 'fold', 'thresholds'] }],
  ['report', { run: 'writeReport', needs: ['data', 'fold', 'oof', 'thresholds', 'submission'] }],
];

/** The steps of a pipeline that declares none; without test rows there is nothing to submit. */
export function defaultSteps({ test }: Pick<DataSource, 'test'>): Pipeline['steps'] {
  const wanted = (name: string): boolean => name !== 'submission' || test !== undefined;
  return Object.fromEntries(
    sixSteps
      .filter(([name]) => wanted(name))
      .map(([name, step]) => [name, completeStep({ ...step, needs: step.needs.filter(wanted) })]),
  );
}
