import { createHash } from 'node:crypto';
import { Html, html } from './html.js';
import { style } from './style.js';

/** What stands around the sections of a page, and these, in their order. */
export interface Frame {
  readonly title: string;
  readonly eyebrow: string;
  readonly heading: string;
  readonly sections: readonly DrawnSection[];
  readonly footer: string;
}

export interface DrawnSection {
  /** Of its anchor, and its place in the contents. */
  readonly id: string;
  readonly title: string;
  readonly content: Html;
}

/**
 * A self-contained HTML page without scripts and without outside requests.
 *
 * Its content security policy allows nothing but its own style sheet, by hash, so that a hostile label
 * could load and run nothing even if it escaped the escaping.
 */
export function framed({ title, eyebrow, heading, sections, footer }: Frame): string {
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${policy}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="referrer" content="no-referrer" />
      <title>${title}</title>
      ${styleElement}
    </head>
    <body>
      <a class="skip" href="#main">Skip to the results</a>
      <header>
        <p class="eyebrow">${eyebrow}</p>
        <h1>${heading}</h1>
      </header>
      <nav aria-label="Contents">
        <ul>
          ${sections.map((each) => html`<li><a href="#${each.id}">${each.title}</a></li>`)}
        </ul>
      </nav>
      <main id="main">
        ${sections.map(
          (each) =>
            html`<section id="${each.id}">
              <h2>${each.title}</h2>
              ${each.content}
            </section>`,
        )}
      </main>
      <footer>${footer}</footer>
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
