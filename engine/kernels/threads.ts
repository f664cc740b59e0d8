import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A thread's whole program: the same module over the same memory, then `serve` until the end. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { module, memory, generation } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
parentPort.postMessage('ready');
exports.serve(generation);
`;

/** Starts `count` threads that serve dispatches. They do not keep the process alive. */
export async function startThreads(
  count: number,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  generation: number,
): Promise<Worker[]> {
  const workerData = { module, memory, generation };
  const options = { eval: true, execArgv: [], env: {}, workerData };
  const workers = Array.from({ length: count }, () => new Worker(program, options));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (const worker of workers) worker.unref();
  return workers;
}
