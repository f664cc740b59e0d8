import { writeFileSync } from 'node:fs';
import type { Services } from '../../../activities/services.js';
import { openTestTable } from '../../../data/prepared-table.js';
import type { StoredEnsemble } from '../../../ensemble/stored-ensemble.js';

/** An ensemble of two models that are not there: `fakeServices` scores in their place. */
export const fakeEnsemble: StoredEnsemble = {
  definition: {
    task: 'multi-label',
    labels: ['joy', 'fear'],
    thresholds: [0.5, 0.25],
    members: [
      {
        weight: 1,
        models: [
          { folder: '1', maxLength: 16 },
          { folder: '2', maxLength: 16 },
        ],
      },
    ],
  },
  run: 'a-run',
  pipeline: 'small',
  columns: { text: ['text'] },
};

type FakeServices = Pick<Services, 'predictor' | 'tables' | 'slots' | 'threads' | 'scratch'>;

/** Scores by the letters of a text, the number of the model and the place among those that are scored with it. */
export function fakeServices(
  scratch: string,
  onScored: (rows: number) => void = () => undefined,
): FakeServices {
  return {
    scratch,
    slots: 2,
    threads: 1,
    tables: { run: () => Promise.reject(new Error('no tables are worked on')) },
    predictor: {
      predict: (folder, { table, output }, { onRows }) => {
        const { texts, close } = openTestTable(table);
        const scores = new Float32Array(2 * texts.length);
        let row = 0;
        for (const list of texts.lists()) {
          for (const text of list) {
            scores[2 * row] = (text.length % 8) / 8;
            scores[2 * row + 1] = ((row % 1000) + Number(folder)) / 1024;
            row++;
          }
        }
        close();
        onRows?.(row / 2);
        writeFileSync(output, scores);
        onScored(row);
        return Promise.resolve();
      },
    },
  };
}
