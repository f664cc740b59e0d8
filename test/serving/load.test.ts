import { beforeAll, describe, expect, it } from 'vitest';
import { load } from '../../bench/serve/load.js';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { Ensemble } from '../../ensemble/ensemble.js';
import { trainFold } from '../../engine/training/fold.js';
import { defaultBatching, defaultLimits } from '../../serving/limits.js';
import { Server } from '../../serving/server.js';
import { job, modelFolder, never, texts, useSmallFolds } from '../engine/training/small-fold.js';
import { about, ask } from './served.js';

useSmallFolds();

const labels = ['good', 'loud'];
let definition: EnsembleDefinition;

beforeAll(async () => {
  const models = [];
  for (const fold of [1, 2]) {
    const outcome = await trainFold(job('bert', { fold }, { epochs: 2 }), () => undefined, never);
    models.push({ folder: modelFolder(outcome, `served-${fold}`), maxLength: 32 });
  }
  definition = { task: 'multi-label', labels, thresholds: [0.5, 0.5], members: [{ weight: 1, models }] };
});

describe('an ensemble under load', () => {
  it('answers fifty connections for three seconds, none lost and none mixed up', async () => {
    const ensemble = await Ensemble.open(definition, { threads: 1 });
    const words = ['good', 'bad', 'day', 'cat', 'rain', 'song', 'door', 'loud', 'soft'];
    const made = Array.from({ length: 120 }, (_, i) =>
      Array.from({ length: 1 + (i % 12) }, (_, w) => words[(i * 5 + w * (1 + (i % 7))) % words.length]).join(
        ' ',
      ),
    );
    const special = ['', 'good [SEP] bad', 'GOOD!', 'loud '.repeat(200), '日本 😀', '\ud83d'];
    const asked = [...new Set([...made, ...special])];
    const { probabilities } = await ensemble.score(asked);
    const server = await Server.listen({
      host: '127.0.0.1',
      port: 0,
      limits: defaultLimits,
      batching: defaultBatching,
    });
    server.serve({ scorer: ensemble, about: { ...about, labels } });
    const known = { texts: asked, probabilities, labels };
    // Texts that were mixed up would be seen: most are answered as no other is.
    const rows = asked.map((_, i) =>
      [...probabilities.subarray(2 * i, 2 * i + 2)].map((p) => p.toFixed(4)).join(),
    );
    expect(new Set(rows).size).toBeGreaterThan(asked.length / 3);
    const waits: number[] = [];
    const askHealth = async (): Promise<void> => {
      const begun = performance.now();
      const { status } = await ask(server, '/health');
      waits.push(status === 200 ? performance.now() - begun : NaN);
    };
    const asking: Promise<void>[] = [];
    const watch = setInterval(() => asking.push(askHealth()), 100);
    const measured = await load({
      url: server.url,
      known,
      connections: 50,
      seconds: 3,
      mostTexts: 4,
      tolerance: 1e-5,
    });
    clearInterval(watch);
    // A server that stops may reset a connection that is only just made.
    await Promise.all(asking);
    expect(await server.stop(10_000)).toBe(0);
    await ensemble.release();
    expect(measured).toMatchObject({ lost: 0, wrong: 0, refused: 0, answered: measured.requests });
    expect(measured.requests).toBeGreaterThan(50);
    expect(measured.worst).toBeLessThan(1e-5);
    // It is alive meanwhile; how soon it says so, a busy machine decides.
    expect(waits.length).toBeGreaterThan(2);
    expect(Math.max(...waits)).toBeLessThan(2_000);
  });

  it('is seen to be wrong where another text is answered', async () => {
    const ensemble = await Ensemble.open(definition, { threads: 1 });
    const { probabilities } = await ensemble.score(texts);
    const server = await Server.listen({
      host: '127.0.0.1',
      port: 0,
      limits: defaultLimits,
      batching: defaultBatching,
    });
    const shifted = {
      score: (some: readonly string[]) => ensemble.score(some.map((text) => `${text} loud`)),
    };
    server.serve({ scorer: shifted, about: { ...about, labels } });
    const known = { texts, probabilities, labels };
    const { wrong } = await load({
      url: server.url,
      known,
      connections: 4,
      seconds: 0.5,
      mostTexts: 2,
      tolerance: 1e-5,
    });
    await server.stop(10_000);
    await ensemble.release();
    expect(wrong).toBeGreaterThan(0);
  });
});
