import { html, nothing, type Html } from '../html.js';
import { count, inSentence, score } from '../notation.js';
import { folded } from '../parts.js';
import { rowQuote } from '../row-quote.js';
import type { RunResult, WorstLabelIssue } from '../run-result.js';
import type { PageInput, Section } from '../section.js';
import { named } from '../skill-words.js';
import { dataTable } from '../table.js';

/** Of each label so many rows are shown at once; the file beside the page has the others. */
const mostOpen = 5;

/** Training rows that were probably given a wrong label. */
export const labelIssueSection: Section = {
  id: 'label-issues',
  title: 'Labels in doubt',
  draw: (input) => {
    const { labelIssues: issues, labels, configuration } = input.result;
    if (issues === undefined) return null;
    const oneClass = configuration.task === 'single-label';
    const found = labels.filter((label) => (issues.perLabel[label] ?? 0) > 0);
    return html`<p class="words">
        ${count(issues.rows)} of ${count(input.result.rows.train)} training rows, whose labels the models
        doubt, by confident learning over the out-of-fold predictions (Northcutt et al., 2021). They are rows
        to look at first, not errors: a row may be named because it is hard or unusual, and where few labels
        are wrong, most that are named are right. ${unskilledWords(issues.unskilled)} The file
        label-issues.csv beside this page has all of them.
      </p>
      ${
        found.length === 0
          ? nothing
          : dataTable({
              label: 'Labels in doubt',
              rows: found,
              columns: [
                { head: oneClass ? 'given class' : 'label', cell: (label) => label },
                { head: 'rows in doubt', cell: (label) => count(issues.perLabel[label] ?? 0) },
              ],
            })
      }
      ${found.map((label) => worstOf(input, label, oneClass))}`;
  },
};

function unskilledWords(unskilled: readonly string[]): string {
  if (unskilled.length === 0) return '';
  const them = unskilled.length === 1 ? 'that label' : 'these labels';
  return `Of ${named(unskilled.map(inSentence))} no row is named: the models are not shown to know anything of ${them}.`;
}

/** Named by what was given where a row has one class, else by the label in question. */
function worstOf(input: PageInput, label: string, oneClass: boolean): Html {
  const worst = (input.result.labelIssues?.worst ?? []).filter(
    (issue) => (oneClass ? issue.given : issue.label) === label,
  );
  if (worst.length === 0) return nothing;
  return folded(
    `${inSentence(label)}: the worst ${count(Math.min(worst.length, mostOpen))}`,
    html`<ol class="rows">
      ${worst.slice(0, mostOpen).map(
        (issue) =>
          html`<li>
            ${rowQuote(input, issue.row - 1)}
            <p>${issueWords(issue, input.result)}</p>
          </li>`,
      )}
    </ol>`,
  );
}

function issueWords({ label, given, probability, score: own }: WorstLabelIssue, result: RunResult): Html {
  if (result.configuration.task === 'single-label')
    return html`labelled <strong>${inSentence(given)}</strong> (${score(own)}); likelier is
      <strong>${inSentence(label)}</strong> (${score(probability)})`;
  return html`${given === '1' ? 'labelled' : 'not labelled'} <strong>${inSentence(label)}</strong>, whose
    probability is ${score(probability)}`;
}
