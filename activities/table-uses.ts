import { mostTableBytes } from '../data/table-source.js';
import type { TableUse } from './table-files.js';

/** What a pipeline's tables are read for. */
export const tableUses = {
  train: { where: 'data.train', mostBytes: mostTableBytes },
  test: { where: 'data.test', mostBytes: mostTableBytes },
} as const satisfies Readonly<Record<'train' | 'test', TableUse>>;
