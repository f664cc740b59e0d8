import { tasks } from '../../tasks/index.js';
import { html, nothing, type Html } from '../html.js';
import { gainWords, methodWords } from '../member-words.js';
import { score } from '../notation.js';
import { folded } from '../parts.js';
import { modelName } from '../places.js';
import { dotStrip } from '../plots/dot-strip.js';
import type { MemberResult, RunResult } from '../run-result.js';
import type { Section } from '../section.js';
import { dataTable } from '../table.js';
import { keptEpoch } from './folds.js';

/** Of more members than this the best are shown, and all of them on request. */
const openMembers = 12;
const bestMembers = 5;

/** What each member of an ensemble reaches and counts, and what they gain together. */
export const memberSection: Section = {
  id: 'members',
  title: 'Members',
  draw: ({ result }) => {
    const { members, ensemble } = result;
    if (members === undefined || ensemble === undefined) return null;
    const learnt =
      ensemble.method === 'mean' ? '' : ' For the scores they are learnt anew without each fold.';
    const words = html`<p class="words">
      ${methodWords[ensemble.method]}${learnt} ${gainWords(result) ?? ''}
    </p>`;
    if (members.length <= openMembers) return html`${words} ${memberTable(result, members, 'Members')}`;
    const ranked = members
      .filter(({ macroF1 }) => macroF1 !== null)
      .toSorted((a, b) => (b.macroF1?.crossFitted ?? 0) - (a.macroF1?.crossFitted ?? 0));
    const counted = members.filter(({ id }) => (ensemble.weights[id] ?? 0) > 0).length;
    return html`${words} ${rangeWords(ranked, members.length, counted)}
      <h3>The best ${bestMembers} alone</h3>
      ${memberTable(result, ranked.slice(0, bestMembers), 'The best members')}
      ${folded(`All ${members.length} members`, memberTable(result, members, 'Members'))}`;
  },
};

function rangeWords(ranked: readonly MemberResult[], all: number, counted: number): Html {
  const [best, worst] = [ranked[0], ranked.at(-1)];
  if (best === undefined || worst === undefined) return nothing;
  const middle = ranked[Math.floor(ranked.length / 2)]!;
  return html`<p class="words">
    ${counted} of ${all} members have a weight. Alone they reach a cross-fitted macro F1 of
    ${score(worst.macroF1?.crossFitted)} to ${score(best.macroF1?.crossFitted)}, the one in the middle
    ${score(middle.macroF1?.crossFitted)}. The best of many is so in part by luck.
  </p>`;
}

function memberTable(result: RunResult, members: readonly MemberResult[], label: string): Html {
  const { words } = tasks[result.configuration.task];
  const weights: Readonly<Record<string, number>> = result.ensemble?.weights ?? {};
  return dataTable<MemberResult>({
    label,
    rows: members,
    columns: [
      { head: 'member', cell: ({ id }) => id },
      { head: 'weight', cell: ({ id }) => (Object.hasOwn(weights, id) ? score(weights[id]) : 'left out') },
      { head: `macro ${words.plain}`, cell: ({ macroF1 }) => score(macroF1?.atHalf) },
      { head: 'F1 tuned', cell: ({ macroF1 }) => score(macroF1?.tuned) },
      { head: 'F1 cross-fitted', cell: ({ macroF1 }) => score(macroF1?.crossFitted), kind: 'honest' },
      {
        head: 'its folds, untuned, 0 … 1',
        cell: ({ id }) => dotStrip(foldScores(result, id)),
      },
      { head: 'skipped folds', cell: ({ skippedFolds }) => skippedFolds.join(', ') },
      {
        head: 'settings',
        cell: ({ settings }) => Object.entries(settings).map(settingWords).join(', '),
        kind: 'text',
      },
    ],
  });
}

function foldScores({ folds }: RunResult, id: string): (number | null)[] {
  return folds.filter(({ member }) => member === id).map((fold) => keptEpoch(fold)?.macroF1 ?? null);
}

function settingWords([path, value]: readonly [string, unknown]): string {
  return `${path}: ${typeof value === 'string' ? modelName(value) : JSON.stringify(value)}`;
}
