import { createHash } from 'node:crypto';
import { Html, html } from './html.js';
import { judgedRows } from './judged-rows.js';
import type { ReportInput } from './report-input.js';
import type { PageInput, Section } from './section.js';
import { confusionSection } from './sections/confusion.js';
import { factsSection } from './sections/facts.js';
import { foldSection } from './sections/folds.js';
import { furtherScoresSection } from './sections/further-scores.js';
import { hardestSection } from './sections/hardest.js';
import { labelSection } from './sections/labels.js';
import { memberSection } from './sections/members.js';
import { noticeSection } from './sections/notices.js';
import { objectiveSection } from './sections/objectives.js';
import { scoreSection } from './sections/scores.js';
import { summarySection } from './sections/summary.js';
import { trainingSection } from './sections/training.js';
import { style } from './style.js';

/**
 * The sections in the order of the page: the summary, what a reader has to mind, what the scores are worth, label by label, how they
 * came about, single texts, the data, and the run itself.
 *
 * To add one: write a `Section` (section.ts) in sections/, and name it here in its place. It draws null where the
 * run has nothing of it, as results of earlier versions lack what is new. Tables are `dataTable` (table.ts), what
 * is long is `folded`, a plot stands in a `pane` (parts.ts), and its SVG is made by `figure` (plots/figure.ts).
 * Everything goes through the tag `html`, which escapes. A class that style.ts lacks is added there: the page's
 * policy allows neither inline styles nor scripts.
 */
const sections: readonly Section[] = [
  summarySection,
  noticeSection,
  scoreSection,
  objectiveSection,
  labelSection,
  furtherScoresSection,
  confusionSection,
  memberSection,
  trainingSection,
  foldSection,
  hardestSection,
  factsSection,
];

/**
 * The report of one run: a self-contained HTML page without scripts and without outside requests.
 *
 * Its content security policy allows nothing but its own style sheet, by hash, so that a hostile label
 * could load and run nothing even if it escaped the escaping.
 */
export function renderReport(input: ReportInput): string {
  const { result } = input;
  const drawn = drawSections({ ...input, judged: judgedRows(input) });
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${policy}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="referrer" content="no-referrer" />
      <title>${result.pipeline}: foldwise report</title>
      ${styleElement}
    </head>
    <body>
      <a class="skip" href="#main">Skip to the results</a>
      <header>
        <p class="eyebrow">foldwise report, run ${result.run}, ${result.status}</p>
        <h1>${result.pipeline}</h1>
      </header>
      <nav aria-label="Contents">
        <ul>
          ${drawn.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
        </ul>
      </nav>
      <main id="main">
        ${drawn.map(
          ({ id, title, content }) =>
            html`<section id="${id}">
              <h2>${title}</h2>
              ${content}
            </section>`,
        )}
      </main>
      <footer>The numbers behind this page are in result.json and oof.csv beside it.</footer>
    </body>
  </html>`;
  return `<!doctype html>\n${page.text}\n`;
}

function drawSections(input: PageInput): (Pick<Section, 'id' | 'title'> & { readonly content: Html })[] {
  return sections.flatMap(({ id, title, draw }) => {
    const content = draw(input);
    return content === null ? [] : [{ id, title, content }];
  });
}

// Not in the template: its white space is the formatter's, and the hash is of every byte.
const styleElement = new Html(`<style>${style}</style>`);

const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
