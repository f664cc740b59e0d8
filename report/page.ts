import { framed, type DrawnSection } from './frame.js';
import { judgedRows } from './judged-rows.js';
import type { ReportInput } from './report-input.js';
import type { PageInput, Section } from './section.js';
import { calibrationSection } from './sections/calibration.js';
import { coOccurrenceSection } from './sections/co-occurrence.js';
import { confusionSection } from './sections/confusion.js';
import { dataSection } from './sections/data.js';
import { factsSection } from './sections/facts.js';
import { foldSection } from './sections/folds.js';
import { furtherScoresSection } from './sections/further-scores.js';
import { hardestSection } from './sections/hardest.js';
import { labelIssueSection } from './sections/label-issues.js';
import { labelSection } from './sections/labels.js';
import { memberSection } from './sections/members.js';
import { noticeSection } from './sections/notices.js';
import { objectiveSection } from './sections/objectives.js';
import { reproduceSection } from './sections/reproduce.js';
import { scoreSection } from './sections/scores.js';
import { summarySection } from './sections/summary.js';
import { trainingSection } from './sections/training.js';

/**
 * The sections in the order of the page: the summary, what a reader has to mind, what the scores are worth, label
 * by label, how they came about, single rows, the data, and the run itself.
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
  calibrationSection,
  labelSection,
  furtherScoresSection,
  confusionSection,
  coOccurrenceSection,
  memberSection,
  trainingSection,
  foldSection,
  hardestSection,
  labelIssueSection,
  dataSection,
  factsSection,
  reproduceSection,
];

/** The report of one run: a self-contained page (frame.ts). */
export function renderReport(input: ReportInput): string {
  const { run, pipeline, status } = input.result;
  return framed({
    title: `${pipeline}: foldwise report`,
    eyebrow: `foldwise report, run ${run}, ${status}`,
    heading: pipeline,
    sections: drawSections({ ...input, judged: judgedRows(input) }),
    footer: 'The numbers behind this page are in result.json and oof.csv beside it.',
  });
}

function drawSections(input: PageInput): DrawnSection[] {
  return sections.flatMap(({ id, title, draw }) => {
    const content = draw(input);
    return content === null ? [] : [{ id, title, content }];
  });
}
