import { html, nothing, type Html } from '../html.js';
import { folded } from '../parts.js';
import { filesBeside, pipelineFile, pipelineFileName, reproducingCommands } from '../reproduction.js';
import type { RunResult } from '../run-result.js';
import type { Section } from '../section.js';

/** The file and the commands that make the run again. */
export const reproduceSection: Section = {
  id: 'reproduce',
  title: 'How to make it again',
  draw: ({ result }) => {
    const { configuration } = result;
    const beside = filesBeside(configuration);
    return html`<p class="words">
        Save the pipeline as <code>${pipelineFileName(configuration)}</code>, put
        ${beside.map((file, place) => html`${separator(place, beside.length)}<code>${file}</code>`)} beside
        it, and run:
      </p>
      <pre tabindex="0" role="region" aria-label="Commands">${reproducingCommands(result).join('\n')}</pre>
      <p class="words">${sameBits(result)}; with others the last digits differ.</p>
      ${digestWords(result)}
      ${folded(
        'The pipeline, with every setting',
        html`<pre tabindex="0" role="region" aria-label="Pipeline">${pipelineFile(configuration)}</pre>`,
      )}`;
  },
};

function sameBits({ folds }: RunResult): string {
  const onCard = folds.some(({ device }) => device !== 'cpu');
  return onCard
    ? 'The same versions, card and driver give the same bits'
    : 'The same versions, number of threads and kind of processor give the same bits';
}

/** Between the entries of a list in a sentence. */
function separator(place: number, of: number): string {
  if (place === 0) return '';
  return place === of - 1 ? ' and ' : ', ';
}

/** How to tell that the rows are the same. */
function digestWords({ data }: RunResult): Html {
  if (data === undefined) return nothing;
  return html`<p class="words">
    The training rows were those with the digest <code>${data.rows}</code>, which <code>result.json</code> of
    a run on the same rows has, too.
  </p>`;
}
