import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareTables, type PreparedTables, type PrepareRequest } from '../../../data/dataset.js';

/** A row of a training table: its text, and 0 or 1 of each label. */
export type Row = readonly [text: string, ...labels: number[]];

/** Prepares tables of these rows in a folder that is gone afterwards, and hashes the training table. */
export async function prepared(
  train: readonly Row[],
  test: readonly string[] | null = null,
  changes: Partial<PrepareRequest> = {},
): Promise<PreparedTables & { readonly tableHash: string | null }> {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-hygiene-'));
  try {
    const names = Array.from({ length: (train[0]?.length ?? 1) - 1 }, (_, index) => `label${index}`);
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const lines = train.map(([text, ...labels]) => [quoted(text), ...labels].join(','));
    writeFileSync(join(folder, 'train.csv'), [['text', ...names].join(','), ...lines, ''].join('\n'));
    if (test !== null) writeFileSync(join(folder, 'test.csv'), ['text', ...test.map(quoted), ''].join('\n'));
    const request: PrepareRequest = {
      train: join(folder, 'train.csv'),
      test: test === null ? null : join(folder, 'test.csv'),
      text: ['text'],
      id: undefined,
      labels: names,
      folds: { count: 2, strategy: 'random', seed: 1 },
      output: {
        table: join(folder, 'table'),
        trainIds: join(folder, 'ids'),
        test: join(folder, 'tested'),
        groups: join(folder, 'groups'),
        repeats: join(folder, 'repeats'),
      },
      ...changes,
    };
    const made = await prepareTables(request);
    const table = request.output?.table;
    const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    return { ...made, tableHash: table === undefined ? null : hash(table) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
