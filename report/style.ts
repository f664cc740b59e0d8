/** The page's whole style. The page has no inline styles, so its security policy allows this text alone. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #fbfaf8; --card: #ffffff; --ink: #1d1c1a; --muted: #6f6b64; --line: #e4e0d9;
  --accent: #0b6e66; --notice: #fdf3dc; --notice-line: #e3b341; --doubt: #ad4a10;
  --series-1: #0b6e66; --series-2: #c2571a; --series-3: #4a5fc1; --series-4: #a8326e; --series-5: #7a7a00;
  --series-6: #7b4bb3; --series-7: #1f8a3b; --series-8: #b3261e; --series-9: #2b7bb0; --series-10: #8a5a2b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161615; --card: #1f1f1d; --ink: #eceae5; --muted: #a19c93; --line: #35332f;
    --accent: #5cc9bd; --notice: #2c2616; --notice-line: #8d7024; --doubt: #f0975c;
    --series-1: #5cc9bd; --series-2: #f0975c; --series-3: #94a5f5; --series-4: #ea7fb3; --series-5: #cfcf52;
    --series-6: #bf98f0; --series-7: #6fce87; --series-8: #f28b82; --series-9: #7fbde8; --series-10: #cfa174;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 68rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  -webkit-text-size-adjust: 100%;
}
header { margin-bottom: 1.75rem; }
h1 { margin: 0; font-size: 2.1rem; line-height: 1.15; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { margin: 0 0 0.5rem; font-size: 1.3rem; letter-spacing: -0.01em; }
h3 { margin: 0 0 0.4rem; font-size: 0.95rem; color: var(--muted); font-weight: 600; }
section, details { margin-top: 2.75rem; }
details { margin-top: 0; }
summary { cursor: pointer; padding: 0.4rem 0; color: var(--accent); }
.eyebrow { margin: 0 0 0.3rem; color: var(--muted); }
.words { margin: 0 0 1.1rem; max-width: 44rem; color: var(--muted); }
.words strong { color: var(--ink); }
.headline { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1.5rem 0 1rem; }
.score { flex: 1 1 11rem; padding: 1rem 1.2rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.score b { display: block; font-size: 2rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
.score span { color: var(--muted); font-size: 0.9rem; }
.lead { border-color: var(--accent); border-width: 2px; }
.lead b { color: var(--accent); }
.notices { margin: 1.5rem 0; padding: 0.9rem 1.2rem; background: var(--notice); border: 1px solid var(--notice-line); border-radius: 10px; }
.notices h2 { font-size: 1rem; margin: 0; }
.notices ul { margin: 0.3rem 0 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.95rem; }
th, td { padding: 0.5rem 0.9rem; text-align: right; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 500; vertical-align: bottom; }
th:first-child { text-align: left; overflow-wrap: break-word; max-width: 16rem; }
th[scope="row"] { font-weight: 600; }
tbody tr:last-child > * { border-bottom: 0; }
tfoot > tr > * { border-bottom: 0; border-top: 2px solid var(--line); font-weight: 600; }
td { white-space: nowrap; }
.honest { color: var(--accent); font-weight: 600; }
.scroll th:first-child { position: sticky; left: 0; background: var(--card); }
.left { text-align: left; }
.doubt { color: var(--doubt); font-weight: 600; }
.strip { display: block; width: 120px; height: 14px; }
.after { margin-top: 1.5rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 0.9rem; }
figure { margin: 0; padding: 0.8rem 0.8rem 0.4rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; min-width: 0; }
figcaption { display: flex; justify-content: space-between; gap: 0.8rem; font-weight: 600; font-size: 0.95rem; overflow-wrap: anywhere; }
figcaption small { color: var(--muted); font-weight: 400; font-size: 0.85rem; white-space: nowrap; }
.plot { display: block; width: 100%; height: auto; margin-top: 0.3rem; overflow: visible; font-family: inherit; font-size: 11px; }
.plot text { white-space: pre; }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 1.1rem; margin: 0 0 0.8rem; font-size: 0.9rem; }
.legend span { white-space: nowrap; }
.swatch { width: 14px; height: 4px; vertical-align: middle; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1.5rem 2rem; }
dl { margin: 0; }
dl > div { display: flex; justify-content: space-between; gap: 1rem; padding: 0.3rem 0; border-bottom: 1px solid var(--line); font-size: 0.92rem; }
dt { color: var(--muted); flex: none; }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; min-width: 0; }
footer { margin-top: 3rem; color: var(--muted); font-size: 0.9rem; }
@media (max-width: 30rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.7rem; }
  .score { flex-basis: 8rem; }
  .lead { flex-basis: 100%; }
  th, td { padding: 0.45rem 0.6rem; }
}
@media print { body { max-width: none; } figure, .score { break-inside: avoid; } }
`;
