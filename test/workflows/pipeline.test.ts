import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Bench, server, startEnvironment, without } from './bench.js';

describe.skipIf(server === null)(`the workflow pipeline${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  it('runs every step and writes every file of the run directory', async () => {
    bench = new Bench(environment);
    await bench.work();
    const summary = await bench.complete({ run: 'first' });
    expect(summary.skippedFolds).toEqual([]);
    expect(summary.macroF1?.tuned).toBe(1);
    const read = (name: string): string => readFileSync(join(bench.folder, 'runs', 'first', name), 'utf8');
    const result = JSON.parse(read('result.json')) as Record<string, unknown>;
    expect(result).toMatchObject({
      run: 'first',
      pipeline: 'bench',
      status: 'completed',
      rowsWithoutOof: 0,
      reused: [],
    });
    expect(read('oof.csv').split('\n')).toHaveLength(32);
    expect(read('submission.csv')).toBe('id,joy,fear\na,1,1\nb,1,1\n');
    expect(read('report.html')).toContain('<html');
    expect(read('models/2/config.json')).toBe('{"fold":2}');
    expect(read('models/2/onnx/model.onnx')).toBe('model 2 42');
    expect(read('events.ndjson')).toContain('"event":"fold finished"');
  });
});
