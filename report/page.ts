import { createHash } from 'node:crypto';
import { Html, html } from './html.js';
import type { ReportInput } from './report-input.js';
import { epochSection, labelSections } from './sections/curves.js';
import { confusionSection } from './sections/confusion.js';
import { facts } from './sections/facts.js';
import { foldTable } from './sections/folds.js';
import { furtherScores } from './sections/further-scores.js';
import { memberSection } from './sections/members.js';
import { notices } from './sections/notices.js';
import { headline, scoreTable } from './sections/scores.js';
import { style } from './style.js';

/**
 * The report of one run: a self-contained HTML page without scripts and without outside requests.
 *
 * Its content security policy allows nothing but its own style sheet, by hash, so that a hostile label
 * could load and run nothing even if it escaped the escaping. Texts of the data never appear in it.
 */
export function renderReport(input: ReportInput): string {
  const { result } = input;
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
      <header>
        <p class="eyebrow">foldwise report, run ${result.run}, ${result.status}</p>
        <h1>${result.pipeline}</h1>
      </header>
      <main>
        ${notices(result)} ${headline(result)}
        <section>
          <h2>Scores by label</h2>
          ${scoreTable(result)}
        </section>
        ${[furtherScores(result), memberSection(result), confusionSection(result)]} ${epochSection(result)}
        ${labelSections(input)}
        <section>
          <h2>Folds</h2>
          ${foldTable(result)}
        </section>
        ${facts(result)}
      </main>
      <footer>The numbers behind this page are in result.json and oof.csv beside it.</footer>
    </body>
  </html>`;
  return `<!doctype html>\n${page.text}\n`;
}

// Not in the template: its white space is the formatter's, and the hash is of every byte.
const styleElement = new Html(`<style>${style}</style>`);

const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
