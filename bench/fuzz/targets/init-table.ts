import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipelineText } from '../../../cli/init/pipeline-text.js';
import { suggestPipeline } from '../../../cli/init/suggestion.js';
import { Fault } from '../../../errors/fault.js';
import { parsePipeline } from '../../../pipeline/load.js';
import { integer, mutateBytes, mutateText, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const names = [
  'id',
  'text',
  'joy',
  'fear',
  'no',
  '2020',
  'p_joy',
  'fold',
  'body: #',
  'tweet_id',
  'a,b',
  "it's",
];

/** A table of which `init` makes a pipeline, which must then be one. */
export const initTable: FuzzTarget = {
  name: 'init-table',
  reads: 'tables (init)',
  extension: '.csv',
  make(dice) {
    const usual = dice.between(0, 1) < 0.8 ? ['text', 'joy'] : [];
    const others = names.filter((name) => !usual.includes(name) && dice.between(0, 1) < 0.25);
    const odd = dice.between(0, 1) < 0.2 ? [oddText(dice)] : [];
    const header = [...others, ...usual, ...odd];
    const rows = Array.from({ length: integer(dice, 0, 40) }, (_, row) =>
      header.map((name) => cellOf(name, row, dice.between(0, 1))),
    );
    const quoted = [header, ...rows].map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`));
    const table = quoted.map((cells) => `${cells.join(',')}\n`).join('');
    const kind = dice.one(['whole', 'whole', 'text', 'bytes'] as const);
    if (kind === 'bytes') return mutateBytes(dice, Buffer.from(table));
    return Buffer.from(kind === 'text' ? mutateText(dice, table) : table);
  },
  async run(input, scratch) {
    const table = join(scratch, 'train.csv');
    writeFileSync(table, input);
    const target = join(scratch, 'pipeline.yaml');
    const text = pipelineText(await suggestPipeline(table), target);
    try {
      return parsePipeline(text, { file: target }).labels.length;
    } catch (error) {
      throw error instanceof Fault ? new Error(`init writes what plan refuses: ${error.message}`) : error;
    }
  },
};

function cellOf(name: string, row: number, odds: number): string {
  if (odds < 0.02) return '';
  if (name === 'id' || name === 'tweet_id') return `r${odds < 0.05 ? 0 : row}`;
  return name.startsWith('text') || name.startsWith('body')
    ? `some words of row ${row}`
    : odds < 0.4
      ? '1'
      : '0';
}
