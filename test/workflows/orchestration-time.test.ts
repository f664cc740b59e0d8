import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Bench, server, startEnvironment, without } from './bench.js';
import { FakeTrainer } from './fake-trainer.js';

describe.skipIf(server === null)(`the orchestration of a run${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  it('adds less than two seconds to five folds that take no time', async () => {
    bench = new Bench(environment, new FakeTrainer({ steps: 0 }));
    await bench.work({}, { slots: 5 });
    await bench.complete({ run: 'warm' });
    // The best of three, of more where it is too long: what else the machine does is no cost of ours.
    let seconds = Infinity;
    for (let round = 0; round < 3 || (round < 10 && seconds >= 2); round++) {
      const started = performance.now();
      await bench.complete({ fresh: true, pipeline: bench.pipeline({ folds: { count: 5 } }) });
      seconds = Math.min(seconds, (performance.now() - started) / 1000);
    }
    console.log(`orchestration of 5 instant folds: ${seconds.toFixed(2)} s at best`);
    expect(seconds).toBeLessThan(2);
  }, 120_000);
});
