import { describe, expect, it } from 'vitest';
import type { ListedRun } from '../../../cli/facts/run-list.js';
import { columns } from '../../../cli/terminal/layout.js';
import { paint } from '../../../cli/terminal/paint.js';
import { runTable } from '../../../cli/terminal/run-table.js';

const assessed: ListedRun = {
  run: 'quickstart-20261124-002156-bb7d73',
  workflowId: 'quickstart-bb7d73',
  state: 'completed',
  crossFitted: 0.871,
  interval: [0.851, 0.888],
  data: { train: 'train.csv', rows: 2764, digest: 'abcdef0123456789' },
  folds: 5,
  members: 3,
  startedAt: '2026-11-24T00:21:56.000Z',
  seconds: 75,
  directory: '/somewhere',
};
const earlier: ListedRun = {
  ...assessed,
  run: 'earlier',
  interval: null,
  data: { train: 'a\u001b[31m.csv', rows: 40, digest: null },
  members: 1,
};
const open: ListedRun = {
  ...assessed,
  run: 'open',
  state: 'running',
  crossFitted: null,
  interval: null,
  data: null,
  folds: null,
  members: null,
  seconds: null,
};
const now = new Date('2026-11-24T01:21:56.000Z');
const lines = (width: number): string[] => runTable([assessed, earlier, open], now, width, paint(false));

describe('the table of runs', () => {
  it('has what is known of each, and a dash for what is not', () => {
    const cells = lines(Infinity).map((line) => line.split(/ {2,}/));
    expect(cells).toEqual([
      ['run', 'state', 'macro F1', '95 % interval', 'data', 'folds', 'took', 'started'],
      [
        'quickstart-20261124-002156-bb7d73',
        'completed',
        '0.871',
        '0.851 to 0.888',
        'train.csv, 2,764 rows abcdef01',
        '5 × 3',
        '1 min 15 s',
        '1 h 00 min ago',
      ],
      ['earlier', 'completed', '0.871', '–', 'a [31m.csv, 40 rows', '5', '1 min 15 s', '1 h 00 min ago'],
      ['open', 'running', '–', '–', '–', '–', '–', '1 h 00 min ago'],
    ]);
  });

  it.each([40, 60, 80, 100])('takes at most the width of a terminal of %d columns', (width) => {
    const narrow = lines(width);
    expect(Math.max(...narrow.map(columns))).toBeLessThanOrEqual(Math.max(width, 44));
    expect(narrow[0]).toBe('quickstart-20261124-002156-bb7d73  completed');
    expect(narrow.join('\n').replaceAll(/,?\s+/g, ' ')).toContain(
      'macro F1 0.871 95 % interval 0.851 to 0.888 data train.csv 2 764 rows abcdef01 folds 5 × 3'.replace(
        '2 764',
        '2,764',
      ),
    );
  });

  it('says so where there is none', () => {
    expect(runTable([], now, 80, paint(false))).toEqual(['no runs yet']);
  });
});
