import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { processor } from '../../engine/device/device.js';
import { Ensemble } from '../../ensemble/ensemble.js';
import { defaultBatching, defaultLimits } from '../../serving/limits.js';
import { Server } from '../../serving/server.js';
import { oneDevice } from '../step/device/command.js';
import { labels, maxLength } from './models.js';

/** Our side, as a process of its own: the library, or its HTTP server with whoever asks it. */
type Score = (texts: readonly string[]) => Promise<readonly number[]>;

/** Texts of a request, as many as a batch of the other sides has. */
const REQUEST = 32;

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: '' },
    texts: { type: 'string', default: '' },
    threads: { type: 'string', default: '1' },
    precision: { type: 'string', default: 'float32' },
    device: { type: 'string', default: processor },
    server: { type: 'boolean', default: false },
  },
});

const device = oneDevice(values.device);
const texts = z.array(z.string()).parse(JSON.parse(await readFile(values.texts, 'utf8')));
const ensemble = await Ensemble.open(
  {
    task: 'multi-label',
    labels,
    precision: values.precision === 'int8' ? 'int8' : 'float32',
    thresholds: labels.map(() => 0.5),
    members: [{ weight: 1, models: [{ folder: values.folder, maxLength }] }],
  },
  { threads: Number(values.threads), device },
);
const score: Score = values.server
  ? await served()
  : async (asked) => [...(await ensemble.score(asked)).probabilities];
await score(texts.slice(0, REQUEST));
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, from, to] = line.split(' ');
  if (command === 'peak') say({ peakBytes: process.resourceUsage().maxRSS * 1024 });
  else {
    const asked = texts.slice(Number(from), Number(to));
    const start = performance.now();
    const probabilities = await score(asked);
    say({ seconds: (performance.now() - start) / 1000, probabilities });
  }
}
process.exit(0);

/** Requests of some texts each, all at once, over HTTP. */
async function served(): Promise<Score> {
  const server = await Server.listen({
    host: '127.0.0.1',
    port: 0,
    limits: defaultLimits,
    batching: defaultBatching,
  });
  const about = {
    run: 'bench',
    pipeline: 'bench',
    task: 'multi-label',
    models: 1,
    precision: 'float32',
    device,
    version: '',
  } as const;
  server.serve({
    scorer: ensemble,
    about: { ...about, labels, thresholds: labels.map(() => 0.5), maxLength },
  });
  const answers = z.object({
    predictions: z.array(z.object({ probabilities: z.record(z.string(), z.number()) })),
  });
  const ask = async (asked: readonly string[]): Promise<number[]> => {
    const response = await fetch(`${server.url}/v1/predict`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ texts: asked }),
    });
    const { predictions } = answers.parse(await response.json());
    return predictions.flatMap(({ probabilities }) => labels.map((label) => probabilities[label] ?? NaN));
  };
  return async (asked) => {
    const requests = Array.from({ length: Math.ceil(asked.length / REQUEST) }, (_, i) =>
      asked.slice(i * REQUEST, (i + 1) * REQUEST),
    );
    return (await Promise.all(requests.map(ask))).flat();
  };
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
