import { Context } from '@temporalio/activity';
import type { StepActivities, StepCall } from './contracts.js';
import type { Dataset } from './outputs.js';
import { prepareRequest } from './pipeline-tables.js';
import { recorded } from './recorded.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';

/** Reads the tables, checks them and gives every training row its fold. */
export function prepareData(services: Services): StepActivities['prepareData'] {
  return recorded(services, 'prepareData', (call: StepCall<Record<string, never>>) =>
    prepare(services, call),
  );
}

async function prepare(services: Services, { pipeline }: StepCall<unknown>): Promise<Dataset> {
  const { store, tables } = services;
  const signal = Context.current().cancellationSignal;
  return withScratch(services, ['table', 'trainIds', 'test'], async (output) => {
    const { rows, warnings } = await tables.run('prepare', prepareRequest(pipeline, output), signal);
    return {
      rows,
      table: await store.putFile(output.table, { move: true }),
      trainIds: await store.putFile(output.trainIds, { move: true }),
      test: rows.test === null ? null : await store.putFile(output.test, { move: true }),
      warnings,
    };
  });
}
