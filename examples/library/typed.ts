// What the types know. Compile it with `module: nodenext`.
import { InputFault, loadEnsemble, type LoadedEnsemble, type Prediction } from 'foldwise';
import { createActivities, createServices, type Activities } from 'foldwise/activities';
import { resolvePipeline, runPipeline, startRun, type CompletedRun, type RunHandle } from 'foldwise/pipeline';
import { pipeline, type PipelineSummary } from 'foldwise/workflows';

export async function label(folder: string, texts: readonly string[]): Promise<readonly string[][]> {
  const ensemble: LoadedEnsemble = await loadEnsemble(folder, { threads: 1, thresholds: { joy: 0.3 } });
  try {
    const predictions: Prediction[] = await ensemble.predict(texts, { signal: AbortSignal.timeout(60_000) });
    return predictions.map(({ labels, probabilities }) =>
      labels.map((label) => `${label} ${probabilities[label]?.toFixed(3)}`),
    );
  } catch (error) {
    if (error instanceof InputFault) console.error(error.details.where, error.details.remedy);
    throw error;
  } finally {
    await ensemble.close();
  }
}

export async function train(file: string): Promise<CompletedRun> {
  return runPipeline(resolvePipeline(file), { onProgress: ({ progress }) => console.log(progress.state) });
}

export async function start(file: string): Promise<PipelineSummary> {
  const run: RunHandle = await startRun(resolvePipeline(file), { taskQueue: 'texts', check: false });
  return run.result();
}

export function activities(workdir: string): Activities {
  return createActivities(createServices({ workdir }));
}

export const workflow: (input: { pipeline: string }) => Promise<PipelineSummary> = pipeline;
