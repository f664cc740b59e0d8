import { adviceOf } from '../advice.js';
import { html, nothing, type Html } from '../html.js';
import type { RunResult } from '../run-result.js';
import type { Section } from '../section.js';
import { headlineWords } from '../skill-words.js';
import { learntWords, trainedWords } from '../summary-words.js';
import { headline, readingWords } from './headline.js';

/** What was done, what it is worth and what to do next, for somebody who reads nothing else. */
export const summarySection: Section = {
  id: 'summary',
  title: 'In short',
  draw: ({ result }) => {
    const [worth, learnt] = [headlineWords(result), learntWords(result)];
    return html`${verdict(result)} ${headline(result)}
      <div class="summary">
        <p>${trainedWords(result)}</p>
        ${worth === null ? nothing : html`<p><strong>${worth}</strong> ${learnt ?? ''}</p>`}
      </div>
      ${readingWords(result)} ${nextSteps(result)}`;
  },
};

function verdict({ assessment }: RunResult): Html {
  if (assessment === undefined) return nothing;
  return assessment.macro.verdict === 'better'
    ? html`<p class="verdict">Better than no skill</p>`
    : html`<p class="verdict doubted">Not shown to be better than no skill</p>`;
}

function nextSteps(result: RunResult): Html {
  const advice = adviceOf(result);
  if (advice.length === 0) return nothing;
  return html`<h3>What to do next</h3>
    <ul class="next">
      ${advice.map(
        ({ words, command }) =>
          html`<li>${words} ${command === undefined ? nothing : html`<code>${command}</code>`}</li>`,
      )}
    </ul>`;
}
