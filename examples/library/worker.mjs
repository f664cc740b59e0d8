// A worker of your own: the pipeline's workflow and activities beside yours. `texts` carries the workflows, and folds
// train on `texts-gpu`, here or on another machine that shares the workdir.
//   TEMPORAL_ADDRESS=127.0.0.1:7233 node worker.mjs [WORKDIR]
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities, createServices, workerSettings } from 'foldwise/activities';

const [workdir = '.'] = process.argv.slice(2);
const address = process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233';

/** Yours: whatever shall happen once an ensemble is there. */
async function announce(run, score) {
  console.log(`${run} has macro F1 ${score.toFixed(3)}`);
  return `${run} announced`;
}

const connection = await NativeConnection.connect({ address });
// A worker reads below `roots` alone: by default the workdir and the current folder.
const services = createServices({ workdir });
const common = { ...workerSettings, connection, activities: { ...createActivities(services), announce } };
const workers = [
  await Worker.create({
    ...common,
    taskQueue: 'texts',
    workflowsPath: fileURLToPath(new URL('workflows.mjs', import.meta.url)),
  }),
  await Worker.create({
    ...common,
    taskQueue: 'texts-gpu',
    maxConcurrentActivityTaskExecutions: services.slots,
  }),
];
console.log('working');
// Until Ctrl-C or SIGTERM: folds in training write a checkpoint first.
await Promise.all(workers.map((worker) => worker.run()));
await connection.close();
