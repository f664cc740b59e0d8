// Has the worker of your own do its workflow, and the pipeline's alone.
//   TEMPORAL_ADDRESS=127.0.0.1:7233 node start.mjs PIPELINE
import { Client, Connection } from '@temporalio/client';
import { resolvePipeline, startRun } from 'foldwise/pipeline';

const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233' });
const client = new Client({ connection });
const pipeline = resolvePipeline(process.argv[2], { overrides: { 'training.epochs': 1 } });

const nightly = { taskQueue: 'texts', workflowId: 'nightly', args: [pipeline] };
console.log(await client.workflow.execute('nightly', nightly));

const run = await startRun(pipeline, { client, taskQueue: 'texts' });
const { reused } = await run.result();
console.log(`${run.run} reused ${reused.join(', ')}`);
await connection.close();
