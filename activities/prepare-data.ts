import { Context } from '@temporalio/activity';
import { requireTokenGates } from '../data/hygiene/gates.js';
import { asksForTokens } from '../pipeline/gates.js';
import type { StepActivities, StepCall } from './contracts.js';
import type { DescribedData } from './data-facts.js';
import { putJson } from './json-artifact.js';
import { countModelTokens } from './model-tokens.js';
import type { Dataset } from './outputs.js';
import { openTables, prepareRequest } from './pipeline-tables.js';
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
  const { store, tables, tableFiles } = services;
  const { gates = {} } = pipeline.data;
  const signal = Context.current().cancellationSignal;
  return withScratch(services, ['table', 'trainIds', 'test', 'groups', 'repeats'], async (output) => {
    const request = prepareRequest(pipeline, await openTables(tableFiles, pipeline.data), output);
    const { rows, split, written, facts, warnings } = await tables.run('prepare', request, signal);
    const files = { table: output.table, test: rows.test === null ? null : output.test };
    const tokens = asksForTokens(gates)
      ? await countModelTokens(services, pipeline, files, signal)
      : undefined;
    if (tokens !== undefined) requireTokenGates(tokens, gates);
    const described: DescribedData = { ...facts, ...(tokens === undefined ? {} : { tokens }) };
    return {
      rows,
      table: await store.putFile(output.table, { move: true }),
      trainIds: await store.putFile(output.trainIds, { move: true }),
      test: rows.test === null ? null : await store.putFile(output.test, { move: true }),
      ...(written.groups ? { groups: await store.putFile(output.groups, { move: true }) } : {}),
      ...(written.repeats ? { repeats: await store.putFile(output.repeats, { move: true }) } : {}),
      ...(written.groups ? { split } : {}),
      facts: await putJson(store, described),
      warnings,
    };
  });
}
