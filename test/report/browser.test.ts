import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../report/page.js';
import { findChromium } from './chromium.js';
import { reportPages } from './pages.js';

const executable = findChromium();
const without = executable === null ? ' (skipped: there is no Chromium on this machine)' : '';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const minutes = 60_000;

const unfold = "for (const each of document.querySelectorAll('details')) each.open = true";

/** Each two words of a picture whose boxes meet by more than a hair. */
const wordsOverWords = `[...document.querySelectorAll('svg')].flatMap((picture) => {
  const words = [...picture.querySelectorAll('text')].flatMap((word) => word.textContent === '' ? [] : [[word.textContent, word.getBoundingClientRect()]]);
  return words.flatMap(([one, a], place) => words.slice(place + 1).flatMap(([other, b]) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return across > 1 && down > 3 ? [one + ' over ' + other] : [];
  }));
})`;

/** What is wrong with a page, in words: axe-core's findings, and whether it scrolls sideways. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate<AxeResults>('axe.run()');
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

describe.skipIf(executable === null)(`the report in a browser${without}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executable!, args: ['--no-sandbox'] });
  }, 2 * minutes);
  afterAll(() => browser?.close());

  async function opened(name: string, width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(2 * minutes);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.setContent(pages.get(name)!);
    // Its own policy refuses nothing of it.
    expect(complaints).toEqual([]);
    return page;
  }

  const pages = new Map(Object.entries(reportPages).map(([name, make]) => [name, renderReport(make())]));
  const schemes = ['light', 'dark'] as const;

  it.each([...pages.keys()].flatMap((name) => schemes.map((scheme) => [name, scheme] as const)))(
    'axe finds nothing: %s, %s',
    async (name, scheme) => {
      const page = await opened(name, 1280, scheme);
      // What is folded is looked at too, but where there is so much of it that it takes minutes.
      if ((await page.locator('details').count()) < 100) await page.evaluate(unfold);
      expect(await faultsOf(page)).toEqual([]);
      await page.context().close();
    },
    5 * minutes,
  );

  it.each([...pages.keys()])(
    'scrolls sideways at no width, with everything unfolded: %s',
    async (name) => {
      const page = await opened(name, 390, 'light');
      await page.evaluate(unfold);
      for (const width of [390, 820, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
          width,
        );
      }
      await page.context().close();
    },
    5 * minutes,
  );

  it.each([...pages.keys()])(
    'writes no word of a picture over another: %s',
    async (name) => {
      const page = await opened(name, 1280, 'light');
      if ((await page.locator('details').count()) < 100) await page.evaluate(unfold);
      expect(await page.evaluate(wordsOverWords)).toEqual([]);
      await page.context().close();
    },
    5 * minutes,
  );

  it(
    'shows by its filter the labels of one verdict alone, and by a link the plots of a label',
    async () => {
      const page = await opened('100 labels and 100 members', 1280, 'light');
      const shown = (): Promise<number> => page.locator('details.label:visible').count();
      expect(await shown()).toBe(100);
      await page.locator('#show-untold').check();
      expect(await shown()).toBe(1);
      await page.locator('#show-all').check();
      expect(await page.locator('#label-7').isVisible()).toBe(false);
      await page.locator('a[href="#label-7"]').click();
      await page.locator('#label-7').waitFor({ state: 'visible' });
      await page.context().close();
    },
    5 * minutes,
  );

  it(
    'begins for the keyboard with a link to the results',
    async () => {
      const page = await opened('sample', 1280, 'light');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the results');
      const box = await page.locator('.skip').boundingBox();
      expect(box!.x).toBeGreaterThanOrEqual(0);
      await page.context().close();
    },
    2 * minutes,
  );

  it(
    'is printed unfolded and on white, in the dark too',
    async () => {
      const page = await opened('sample', 794, 'dark');
      await page.emulateMedia({ media: 'print' });
      const folded = page.locator('details:not([open]) .scroll').first();
      expect((await folded.boundingBox())!.height).toBeGreaterThan(20);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        'rgb(255, 255, 255)',
      );
      expect(await page.locator('nav').isVisible()).toBe(false);
      await page.context().close();
    },
    2 * minutes,
  );
});
