import { Context } from '@temporalio/activity';
import { requireTokenGates } from '../data/hygiene/gates.js';
import { asksForTokens } from '../pipeline/gates.js';
import type { CallOf, StepActivities } from './contracts.js';
import type { DescribedData } from './data-facts.js';
import { keyOf } from './identity.js';
import { putJson } from './json-artifact.js';
import { countModelTokens } from './model-tokens.js';
import type { Dataset } from './outputs.js';
import { openTables, prepareRequest, type OpenTables } from './pipeline-tables.js';
import { tableUses } from './table-uses.js';
import { changedMeanwhile, recorded } from './recorded.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';
import type { TableFiles } from './table-files.js';

/** Reads the tables, checks them and gives every training row its fold. */
export function prepareData(services: Services): StepActivities['prepareData'] {
  return recorded(services, 'prepareData', (call, key) => prepare(services, call, key));
}

type Call = CallOf<'prepareData'>;

async function prepare(services: Services, call: Call, key: string): Promise<Omit<Dataset, 'seconds'>> {
  const { pipeline } = call;
  const { store, tables, tableFiles } = services;
  const { gates = {} } = pipeline.data;
  const signal = Context.current().cancellationSignal;
  return withScratch(services, ['table', 'trainIds', 'test', 'groups', 'repeats'], async (output) => {
    const opened = await openTables(tableFiles, pipeline.data);
    await requireSame(services, call, opened, key);
    const request = prepareRequest(pipeline, opened, output);
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

/** A table elsewhere may have been replaced since the key was made, and be replaced by the former one again. */
async function requireSame(services: Services, call: Call, opened: OpenTables, key: string): Promise<void> {
  const { train, test } = opened;
  const digests = new Map<string, string | null>([
    [tableUses.train.where, train.sha256],
    [tableUses.test.where, test?.sha256 ?? null],
  ]);
  const digest: TableFiles['digest'] = async (location, use) =>
    digests.get(use.where) ?? services.tableFiles.digest(location, use);
  const found = await keyOf({ ...services, tableFiles: { digest } }, 'prepareData', call);
  if (found !== key) throw changedMeanwhile(call.step);
}
