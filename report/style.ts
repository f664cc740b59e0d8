/** Shades of a table's cells, from none to the darkest on which text still reads well. */
export const shades = 10;

const shadeRules = Array.from(
  { length: shades + 1 },
  (_, shade) => `.h${shade} { background: color-mix(in srgb, var(--accent) ${4 * shade}%, transparent); }`,
).join('\n');

/** The choice of the filter of labels (sections/label-filter.ts): what is not chosen is not shown. */
const filterRules = ['better', 'not-shown', 'untold']
  .map(
    (verdict) =>
      `body:has(#show-${verdict}:checked) :is(.is-better, .is-not-shown, .is-untold):not(.is-${verdict}) { display: none; }`,
  )
  .join('\n');

const light = `
  --page: #fbfaf8; --card: #ffffff; --ink: #1d1c1a; --muted: #6a665f; --line: #e4e0d9;
  --accent: #0b6e66; --notice: #fdf3dc; --notice-line: #e3b341; --doubt: #a3440d; --doubt-card: #fdf1ea;
  --series-1: #0b6e66; --series-2: #c2571a; --series-3: #4a5fc1; --series-4: #a8326e; --series-5: #7a7a00;
  --series-6: #7b4bb3; --series-7: #1f8a3b; --series-8: #b3261e; --series-9: #2b7bb0; --series-10: #8a5a2b;`;

/** The page's whole style. The page has no inline styles, so its security policy allows this text alone. */
export const style = `
:root {
  color-scheme: light dark;${light}
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161615; --card: #1f1f1d; --ink: #eceae5; --muted: #a7a299; --line: #35332f;
    --accent: #5cc9bd; --notice: #2c2616; --notice-line: #8d7024; --doubt: #f0975c; --doubt-card: #2b211b;
    --series-1: #5cc9bd; --series-2: #f0975c; --series-3: #94a5f5; --series-4: #ea7fb3; --series-5: #cfcf52;
    --series-6: #bf98f0; --series-7: #6fce87; --series-8: #f28b82; --series-9: #7fbde8; --series-10: #cfa174;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 76rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  -webkit-text-size-adjust: 100%;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
a { color: var(--accent); text-underline-offset: 0.15em; }
.skip { position: absolute; left: -100vw; top: 0.5rem; padding: 0.5rem 1rem; background: var(--card); }
.skip:focus { left: 0.5rem; }
header { margin-bottom: 1.25rem; }
h1 { margin: 0; font-size: 2.1rem; line-height: 1.15; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { margin: 0 0 0.5rem; font-size: 1.3rem; letter-spacing: -0.01em; }
h3 { margin: 1.5rem 0 0.4rem; font-size: 1rem; font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0; padding: 0.6rem 0; list-style: none; border-block: 1px solid var(--line); font-size: 0.9rem; }
section { margin-top: 2.75rem; }
nav + main > section:first-child { margin-top: 1.75rem; }
details { margin: 0.5rem 0 0; }
summary { cursor: pointer; padding: 0.4rem 0; color: var(--accent); }
.eyebrow { margin: 0 0 0.3rem; color: var(--muted); overflow-wrap: anywhere; }
.words { margin: 0 0 1.1rem; max-width: 46rem; color: var(--muted); }
.words strong { color: var(--ink); }
.verdict { display: inline-block; margin: 0.25rem 0 0; padding: 0.15rem 0.8rem; border: 2px solid var(--accent); border-radius: 2rem; color: var(--accent); font-weight: 600; }
.verdict.doubted { border-color: var(--doubt); color: var(--doubt); background: var(--doubt-card); }
.headline { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1rem 0; }
.score { flex: 1 1 10rem; padding: 1rem 1.2rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.score b { display: block; font-size: 2rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
.score span { color: var(--muted); font-size: 0.9rem; }
.lead { flex-grow: 2; border-color: var(--accent); border-width: 2px; }
.lead b { color: var(--accent); }
.lead.doubted { border-color: var(--doubt); background: var(--doubt-card); }
.lead.doubted b { color: var(--doubt); }
.summary { max-width: 50rem; }
.summary p { margin: 0 0 0.8rem; overflow-wrap: anywhere; }
.next { max-width: 50rem; margin: 0; padding-left: 1.2rem; }
.next li { margin-bottom: 0.5rem; overflow-wrap: anywhere; }
.next code { display: inline-block; }
code, pre { font: 0.9em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; padding: 0.1em 0.4em; background: var(--card); border: 1px solid var(--line); border-radius: 4px; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
pre { margin: 0.5rem 0 1rem; padding: 0.9rem 1.1rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.notices { margin: 0; padding: 0.9rem 1.2rem 0.9rem 2.2rem; background: var(--notice); border: 1px solid var(--notice-line); border-radius: 10px; overflow-wrap: anywhere; }
.filter { margin: 0 0 1rem; padding: 0.4rem 1rem 0.6rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.filter legend { padding: 0 0.4rem; color: var(--muted); font-size: 0.9rem; }
.filter label { display: inline-block; margin-right: 1.2rem; padding: 0.2rem 0; }
.filter input { accent-color: var(--accent); width: 1.1rem; height: 1.1rem; vertical-align: -0.15rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.92rem; }
th, td { padding: 0.45rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 500; vertical-align: bottom; }
th:first-child { text-align: left; overflow-wrap: break-word; max-width: 16rem; }
th[scope="row"] { font-weight: 600; min-width: 9rem; }
tbody tr:last-child > * { border-bottom: 0; }
tfoot > tr > * { border-bottom: 0; border-top: 2px solid var(--line); font-weight: 600; }
td { white-space: nowrap; }
.honest { color: var(--accent); font-weight: 600; }
.doubt { color: var(--doubt); font-weight: 600; }
.scroll th:first-child { position: sticky; left: 0; background: var(--card); }
.text { text-align: left; }
.strip { display: block; margin-left: auto; width: 120px; height: 14px; }
.after { margin-top: 1.5rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 0.9rem; scroll-margin-top: 4rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 0.9rem; align-items: start; }
.pair > * { min-width: 0; }
.pair td.text { white-space: normal; }
.label { margin-top: 0.6rem; border-top: 1px solid var(--line); }
.label > summary { padding: 0.6rem 0; overflow-wrap: anywhere; }
.label .name { font-weight: 600; color: var(--ink); margin-right: 0.6rem; }
.label small { color: var(--muted); }
.label small.doubt { color: var(--doubt); }
figure { margin: 0; padding: 0.8rem 0.8rem 0.4rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; min-width: 0; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 0.8rem; font-weight: 600; font-size: 0.95rem; overflow-wrap: anywhere; }
figcaption small { color: var(--muted); font-weight: 400; font-size: 0.85rem; }
.plot { display: block; width: 100%; height: auto; margin-top: 0.3rem; overflow: visible; font-family: inherit; font-size: 11px; }
.plot text { white-space: pre; }
.heat { display: block; width: 100%; height: auto; margin-top: 0.5rem; border: 1px solid var(--line); shape-rendering: crispEdges; }
.overview { margin-bottom: 1.2rem; overflow-x: auto; }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 1.1rem; margin: 0 0 0.8rem; font-size: 0.9rem; }
.swatch { width: 14px; height: 4px; vertical-align: middle; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1.5rem 2rem; }
.facts h3 { margin-top: 0; color: var(--muted); font-size: 0.95rem; }
dl { margin: 0; }
dl > div { display: flex; justify-content: space-between; gap: 1rem; padding: 0.3rem 0; border-bottom: 1px solid var(--line); font-size: 0.92rem; }
dt { color: var(--muted); flex: none; }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; min-width: 0; }
.rows { margin: 0; padding: 0; list-style: none; }
.rows > li { padding: 0.8rem 0; border-top: 1px solid var(--line); }
.quote { margin: 0 0 0.3rem; max-width: 50rem; overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: isolate; }
.rows p { margin: 0; font-size: 0.9rem; color: var(--muted); overflow-wrap: anywhere; }
.rows .quote { font-size: 1rem; color: var(--ink); margin-bottom: 0.3rem; }
footer { margin-top: 3rem; color: var(--muted); font-size: 0.9rem; }
${shadeRules}
${filterRules}
@media (max-width: 30rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.7rem; }
  .score { flex-basis: 8rem; padding: 0.8rem 1rem; }
  .lead { flex-basis: 100%; }
  th, td { padding: 0.4rem 0.5rem; }
  .scroll th:first-child { min-width: 5rem; max-width: 8rem; }
}
@media print {
  :root {${light}
    --page: #ffffff; color-scheme: light;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip, .filter { display: none; }
  section { margin-top: 1.5rem; }
  h2, h3, summary { break-after: avoid; }
  figure, .score, tr, .rows > li, .headline { break-inside: avoid; }
  td, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { display: block; content-visibility: visible; height: auto; }
  .scroll { overflow: visible; border: 0; }
  .scroll th:first-child { position: static; min-width: 0; }
  table { font-size: 8pt; }
  th, td { padding: 0.25rem 0.3rem; }
  td { white-space: normal; }
  thead { display: table-header-group; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .plots { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.4rem; }
  a { color: inherit; text-decoration: none; }
}
`;
