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
  return withScratch(services, ['table', 'trainIds', 'test', 'groups', 'repeats'], async (output) => {
    const request = prepareRequest(pipeline, output);
    const { rows, split, written, warnings } = await tables.run('prepare', request, signal);
    return {
      rows,
      table: await store.putFile(output.table, { move: true }),
      trainIds: await store.putFile(output.trainIds, { move: true }),
      test: rows.test === null ? null : await store.putFile(output.test, { move: true }),
      ...(written.groups ? { groups: await store.putFile(output.groups, { move: true }) } : {}),
      ...(written.repeats ? { repeats: await store.putFile(output.repeats, { move: true }) } : {}),
      ...(written.groups ? { split } : {}),
      warnings,
    };
  });
}
