import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { Html, html } from '../html.js';

/** Colours are CSS variables, so that one figure serves the light and the dark page. */
export const colours = {
  accent: 'var(--accent)',
  muted: 'var(--muted)',
  noSkill: 'var(--doubt)',
  /** One per series, repeated after ten. */
  series: (index: number) => `var(--series-${(index % 10) + 1})`,
};

/** More lines than this are drawn as the range that they lie in, with their mean. */
export const distinctSeries = 10;

const size = { width: 300, height: 210, marginLeft: 40, marginRight: 14, marginTop: 14, marginBottom: 36 };

/** As much of the DOM as is used here; the project's own code has no browser types. */
interface SvgElement {
  readonly outerHTML: string;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
}

/**
 * Draws marks as one SVG element without inline styles, which the page's content security policy
 * would refuse. `label` is what a screen reader says, so it tells what the picture shows. It may name what a user
 * named: it is put in by `html`, and never passes through this serialisation.
 */
export function figure(label: string, options: Plot.PlotOptions): Html {
  const { document } = parseHTML('<!doctype html><html><body></body></html>') as { document: object };
  const svg = Plot.plot({
    ...size,
    grid: true,
    ...options,
    x: { tickSize: 0, ...options.x },
    y: { tickSize: 0, ...options.y },
    document,
  }) as SvgElement;
  for (const style of svg.querySelectorAll('style')) style.remove();
  for (const element of [svg, ...svg.querySelectorAll('[style]')]) element.removeAttribute('style');
  // A picture has one name, its own: those that the library gives to its marks are of no role.
  for (const part of [svg, ...svg.querySelectorAll('[aria-label], [aria-description]')]) {
    part.removeAttribute('aria-label');
    part.removeAttribute('aria-description');
  }
  svg.setAttribute('class', 'plot');
  svg.setAttribute('role', 'img');
  return html`<svg aria-label="${label}" ${new Html(shortened(svg.outerHTML.slice('<svg '.length)))}`;
}

/** Coordinates to a tenth of a pixel, which is enough, so that pages stay small. Shares and sizes have fewer digits. */
function shortened(svg: string): string {
  return svg.replaceAll(/(?<=["(,MLHV-])\d+\.\d{3,}/g, (number) =>
    String(Math.round(Number(number) * 10) / 10),
  );
}
