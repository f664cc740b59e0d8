// Trains an ensemble in this process and predicts with it.
//   node train.mjs PIPELINE [WORKDIR]
import { once } from 'node:events';
import { loadEnsemble } from 'foldwise';
import { resolvePipeline, runPipeline } from 'foldwise/pipeline';

const [file, workdir = '.'] = process.argv.slice(2);
const stop = new AbortController();
void once(process, 'SIGINT').then(() => stop.abort(new Error('stopped: the same command goes on from here')));

let shown = '';
const run = await runPipeline(resolvePipeline(file, { overrides: { 'training.epochs': 2 } }), {
  workdir,
  signal: stop.signal,
  onMessage: (message) => console.error(message),
  onProgress: ({ progress }) => {
    const now = progress.steps.map(({ step, state }) => `${step} ${state}`).join(', ');
    if (now !== shown) console.error(now);
    shown = now;
  },
});
console.log(`${run.run}: macro F1 ${run.macroF1?.crossFitted?.toFixed(3)}`);

const ensemble = await loadEnsemble(run.directory);
const [prediction] = await ensemble.predict(['What a lovely day!']);
console.log(Object.keys(prediction.probabilities).join(' '));
await ensemble.close();
