import { tasks } from '../../tasks/index.js';
import { html, nothing, type Html } from '../html.js';
import { gainWords, methodWords } from '../member-words.js';
import { score } from '../notation.js';
import { modelName } from '../places.js';
import type { MemberResult, RunResult } from '../run-result.js';

/** What each member of an ensemble reaches and counts, and what they gain together. */
export function memberSection(result: RunResult): Html {
  const { members, ensemble, configuration } = result;
  if (members === undefined || ensemble === undefined) return nothing;
  const { words } = tasks[configuration.task];
  const learnt = ensemble.method === 'mean' ? '' : ' For the scores they are learnt anew without each fold.';
  return html`<section>
    <h2>Members</h2>
    <p class="words">${methodWords[ensemble.method]}${learnt} ${gainWords(result) ?? ''}</p>
    <div class="scroll" role="region" aria-label="Members" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">member</th>
            <th scope="col">weight</th>
            <th scope="col">macro ${words.plain}</th>
            <th scope="col">F1 tuned</th>
            <th scope="col">F1 cross-fitted</th>
            <th scope="col">skipped folds</th>
            <th scope="col">settings</th>
          </tr>
        </thead>
        <tbody>
          ${members.map((member) => memberRow(member, ensemble.weights))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function memberRow(
  { id, settings, macroF1, skippedFolds }: MemberResult,
  weights: Readonly<Record<string, number>>,
): Html {
  const weight = Object.hasOwn(weights, id) ? score(weights[id]) : 'left out';
  return html`<tr>
    <th scope="row">${id}</th>
    <td>${weight}</td>
    <td>${score(macroF1?.atHalf)}</td>
    <td>${score(macroF1?.tuned)}</td>
    <td class="honest">${score(macroF1?.crossFitted)}</td>
    <td>${skippedFolds.join(', ')}</td>
    <td class="text">${Object.entries(settings).map(settingWords).join(', ')}</td>
  </tr>`;
}

function settingWords([path, value]: readonly [string, unknown]): string {
  return `${path}: ${typeof value === 'string' ? modelName(value) : JSON.stringify(value)}`;
}
