import { framed } from '../frame.js';
import { named } from '../skill-words.js';
import type { Comparison } from './comparison.js';
import { differencesSection, labelsSection, methodSection, runsSection, verdictSection } from './sections.js';

/** Runs that are named in the heading; of more it says how many there are. */
const mostNamed = 3;

/** A comparison of runs as a page of its own, in the style of the report (see frame.ts). */
export function renderComparison(comparison: Comparison): string {
  const [base = '', ...others] = comparison.runs.map(({ result }) => result.run);
  const heading = `${others.length > mostNamed ? `${others.length} runs` : named(others)} against ${base}`;
  return framed({
    title: `${heading}: foldwise comparison`,
    eyebrow: 'foldwise comparison of runs',
    heading,
    sections: [
      verdictSection(comparison),
      labelsSection(comparison),
      differencesSection(comparison),
      runsSection(comparison),
      methodSection(comparison),
    ],
    footer: 'The numbers behind this page are in result.json and oof.csv of the runs.',
  });
}
