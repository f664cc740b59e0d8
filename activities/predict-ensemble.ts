import { Context } from '@temporalio/activity';
import { processor, type DeviceName } from '../engine/device/device.js';
import { scoredIn } from '../engine/precision/choice.js';
import { modelsOf, type EnsembleDefinition } from '../ensemble/definition.js';
import { InputFault } from '../errors/fault.js';
import { cellId } from '../pipeline/matrix.js';
import type { StepActivities, StepCall } from './contracts.js';
import type { Dataset, Submission, Thresholds, TrainedCell } from './outputs.js';
import { readCalibrators } from './calibrators.js';
import { onDevice } from './devices.js';
import { ensembleOf, predictRows } from './ensemble.js';
import { beating } from './heartbeat.js';
import { recorded } from './recorded.js';
import { RunDirectory } from './run-directory.js';
import { onScoringDevice } from './scoring-device.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';

type Call = StepCall<{ data: Dataset; fold: readonly TrainedCell[]; thresholds: Thresholds }>;

/** Predicts the test rows by the folds' models and the tuned thresholds. */
export function predictEnsemble(services: Services): StepActivities['predictEnsemble'] {
  return (call: Call) =>
    beating(() =>
      onScoringDevice(services, 'float32', (device) => {
        const predictOn = (given: Call): Promise<Omit<Submission, 'seconds'>> =>
          predict(services, given, device);
        return recorded(services, 'predictEnsemble', predictOn)(onDevice(call, device));
      }),
    );
}

async function predict(
  services: Services,
  { run, pipeline, step, inputs, settings }: Call,
  device: DeviceName,
): Promise<Submission> {
  const { test } = inputs.data;
  if (test === null) throw withoutTestRows(step);
  const { store } = services;
  const directory = new RunDirectory(services, run);
  const trained = new Map(inputs.fold.map((cell) => [cellId(cell), cell]));
  const { calibration } = inputs.thresholds;
  const calibrators = calibration && (await readCalibrators(store, calibration.calibrators));
  return withScratch(services, ['submission', 'predictions'], async (output) => {
    const ensemble = await ensembleOf({
      pipeline,
      thresholds: inputs.thresholds.thresholds,
      ...(calibrators === undefined ? {} : { calibrators }),
      cells: inputs.fold,
      ...(inputs.thresholds.ensemble === undefined ? {} : { weights: inputs.thresholds.ensemble.weights }),
      modelOf: (cell) => directory.model(trained.get(cellId(cell))!),
      computedIn: (cell) => scoredIn(device, trained.get(cellId(cell))!.precision),
    });
    const { rows } = await predictRows(services, {
      ensemble,
      columns: pipeline.data,
      table: await store.localPath(test),
      threads: settings.threads,
      device,
      signal: Context.current().cancellationSignal,
      output,
    });
    return {
      submission: await store.putFile(output.submission, { move: true }),
      predictions: await store.putFile(output.predictions, { move: true }),
      rows,
      ...(device === processor ? {} : { device }),
      ...precisionsOf(ensemble),
    };
  });
}

/** Where it was not all in float32. */
function precisionsOf(ensemble: EnsembleDefinition): Pick<Submission, 'precisions'> {
  const precisions = [...new Set(modelsOf(ensemble).map(({ computedIn = 'float32' }) => computedIn))];
  return precisions.every((precision) => precision === 'float32') ? {} : { precisions };
}

function withoutTestRows(step: string): InputFault {
  return new InputFault({
    where: step,
    what: 'the prepared data has no rows to predict',
    remedy: 'Set data.test, or leave the step out.',
  });
}
