import { tasks } from '../../tasks/index.js';
import { html } from '../html.js';
import { gainWords, methodWords } from '../member-words.js';
import { score } from '../notation.js';
import { modelName } from '../places.js';
import type { MemberResult } from '../run-result.js';
import type { Section } from '../section.js';
import { dataTable } from '../table.js';

/** What each member of an ensemble reaches and counts, and what they gain together. */
export const memberSection: Section = {
  id: 'members',
  title: 'Members',
  draw: ({ result }) => {
    const { members, ensemble, configuration } = result;
    if (members === undefined || ensemble === undefined) return null;
    const { words } = tasks[configuration.task];
    const learnt =
      ensemble.method === 'mean' ? '' : ' For the scores they are learnt anew without each fold.';
    return html`<p class="words">${methodWords[ensemble.method]}${learnt} ${gainWords(result) ?? ''}</p>
      ${dataTable<MemberResult>({
        label: 'Members',
        rows: members,
        columns: [
          { head: 'member', cell: ({ id }) => id },
          {
            head: 'weight',
            cell: ({ id }) =>
              Object.hasOwn(ensemble.weights, id) ? score(ensemble.weights[id]) : 'left out',
          },
          { head: `macro ${words.plain}`, cell: ({ macroF1 }) => score(macroF1?.atHalf) },
          { head: 'F1 tuned', cell: ({ macroF1 }) => score(macroF1?.tuned) },
          { head: 'F1 cross-fitted', cell: ({ macroF1 }) => score(macroF1?.crossFitted), kind: 'honest' },
          { head: 'skipped folds', cell: ({ skippedFolds }) => skippedFolds.join(', ') },
          {
            head: 'settings',
            cell: ({ settings }) => Object.entries(settings).map(settingWords).join(', '),
            kind: 'text',
          },
        ],
      })}`;
  },
};

function settingWords([path, value]: readonly [string, unknown]): string {
  return `${path}: ${typeof value === 'string' ? modelName(value) : JSON.stringify(value)}`;
}
