import type { TableUse } from '../table-files.js';

/** What the table of a scoring is read for. */
export const scoredTable: TableUse = { where: 'table' };
