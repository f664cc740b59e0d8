import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../bench/scale/history.js';
import { measureScale, type ScaleMeasurement } from '../../../bench/scale/measure.js';
import { receiptBytes } from '../../../pipeline/size.js';
import { server, startEnvironment, without } from '../../workflows/bench.js';
import { tablesHere } from '../../workflows/fake-trainer.js';

describe.skipIf(server === null)(`40 instant folds of 4 epochs over 4 workers${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let measured: ScaleMeasurement;
  beforeAll(async () => {
    environment = await startEnvironment();
    const place = { address: environment.address, namespace: environment.namespace ?? 'default' };
    measured = await measureScale({ server: place, folds: 40, workers: 4, epochs: 4, tables: tablesHere });
  });
  afterAll(() => environment?.teardown());

  /** Costs that are a fold's: at so many a fold, 200 folds take a fifth of the limit. */
  const fifth = (limit: number): number => (0.2 * limit) / 200;

  it('write so few events each that 200 folds stay below a fifth of the limit', () => {
    expect(measured.events / 40).toBeLessThan(fifth(limits.events));
  });

  it('write so few bytes each that 200 folds stay below a fifth of the limit', () => {
    expect(measured.historyBytes / 40).toBeLessThan(fifth(limits.historyBytes));
  });

  it('give no more bytes each than the limit to their number allows for', () => {
    expect(measured.foldOutputBytes).toBeLessThan(receiptBytes(4));
  });
});
