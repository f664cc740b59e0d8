import { Agent, request as send } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

/** Texts, and of each what a service must say of it. */
export interface KnownTexts {
  readonly texts: readonly string[];
  /** `[texts, labels]` */
  readonly probabilities: Float32Array;
  readonly labels: readonly string[];
}

export interface LoadOptions {
  readonly url: string;
  readonly known: KnownTexts;
  readonly connections: number;
  readonly seconds: number;
  /** Texts of a request: 1 up to so many, in turn. */
  readonly mostTexts: number;
  /** How far a probability may be from what is known. */
  readonly tolerance: number;
}

export interface Load {
  readonly requests: number;
  /** That were answered with 200. */
  readonly answered: number;
  /** Sent back for a while, with 429 and Retry-After. */
  readonly refused: number;
  /** That had another status, or none. */
  readonly lost: number;
  /** What came of them, by status or the client's error. */
  readonly losses: Readonly<Record<string, number>>;
  /** Answers with a text that was answered as another one, or not at all. */
  readonly wrong: number;
  readonly texts: number;
  readonly seconds: number;
  /** The largest difference from what is known. */
  readonly worst: number;
  /** Of answered requests, ascending. */
  readonly latencies: readonly number[];
}

const answerSchema = z.object({
  predictions: z.array(z.object({ probabilities: z.record(z.string(), z.number()) })),
});

/** Asks by so many connections at once, each one request after the other, and holds every answer against what is known. */
export async function load(options: LoadOptions): Promise<Load> {
  const { connections, seconds } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const tally = { requests: 0, answered: 0, refused: 0, lost: 0, wrong: 0, texts: 0, worst: 0 };
  const losses: Record<string, number> = {};
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  const asker = async (first: number): Promise<void> => {
    for (let turn = first; performance.now() < end; turn += connections) {
      const places = placesOf(turn, options);
      const begun = performance.now();
      tally.requests += 1;
      const { status, text } = await post(
        options.url,
        agent,
        places.map((place) => options.known.texts[place]!),
      );
      if (status === 429) {
        tally.refused += 1;
        await pause(retryMs);
      } else if (status !== 200) {
        tally.lost += 1;
        const cause = status === 0 ? text : `status ${status}`;
        losses[cause] = (losses[cause] ?? 0) + 1;
      } else {
        latencies.push(performance.now() - begun);
        tally.answered += 1;
        tally.texts += places.length;
        const off = difference(text, places, options.known);
        tally.worst = Math.max(tally.worst, off);
        if (!(off <= options.tolerance)) tally.wrong += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, first) => asker(first)));
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return { ...tally, losses, seconds: (performance.now() - started) / 1000, latencies };
}

/** Answers of several turns as one. */
export function joined(loads: readonly Load[]): Load {
  const sum = (of: (load: Load) => number): number => loads.reduce((total, load) => total + of(load), 0);
  return {
    requests: sum(({ requests }) => requests),
    answered: sum(({ answered }) => answered),
    refused: sum(({ refused }) => refused),
    lost: sum(({ lost }) => lost),
    losses: Object.fromEntries(
      loads
        .flatMap(({ losses }) => Object.keys(losses))
        .map((cause) => [cause, sum(({ losses }) => losses[cause] ?? 0)]),
    ),
    wrong: sum(({ wrong }) => wrong),
    texts: sum(({ texts }) => texts),
    seconds: sum(({ seconds }) => seconds),
    worst: Math.max(...loads.map(({ worst }) => worst)),
    latencies: loads.flatMap(({ latencies }) => latencies).sort((a, b) => a - b),
  };
}

/** Of ascending values; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;
}

const retryMs = 1000;

/** Other texts at each turn, so that no two requests at once ask the same. */
function placesOf(turn: number, { known, mostTexts }: LoadOptions): number[] {
  const count = 1 + (turn % mostTexts);
  return Array.from({ length: count }, (_, i) => (turn * mostTexts + i) % known.texts.length);
}

/** Infinite where the answer is not one for these texts. */
function difference(text: string, places: readonly number[], { probabilities, labels }: KnownTexts): number {
  const read = answerSchema.safeParse(parsed(text));
  if (!read.success || read.data.predictions.length !== places.length) return Infinity;
  let worst = 0;
  read.data.predictions.forEach((prediction, row) =>
    labels.forEach((label, column) => {
      const expected = probabilities[places[row]! * labels.length + column]!;
      worst = Math.max(worst, Math.abs((prediction.probabilities[label] ?? Infinity) - expected));
    }),
  );
  return worst;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Status 0 and the code of the client's error where there was no answer. */
function post(
  url: string,
  agent: Agent,
  texts: readonly string[],
): Promise<{ status: number; text: string }> {
  const body = JSON.stringify({ texts });
  return new Promise((resolve) => {
    const none = (error: NodeJS.ErrnoException): void =>
      resolve({ status: 0, text: error.code ?? error.name });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    send(`${url}/v1/predict`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.once('error', none).once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .once('error', none)
      .end(body);
  });
}
