import type { Html } from './html.js';
import type { JudgedRows } from './judged-rows.js';
import type { ReportInput } from './report-input.js';

/** What a section draws from: what the page was given, and what is computed of it once. */
export interface PageInput extends ReportInput {
  readonly judged: JudgedRows;
}

/** A part of the page with a heading of its own; page.ts says how one is added. */
export interface Section {
  /** Of its anchor, and its place in the contents. */
  readonly id: string;
  readonly title: string;
  /** What stands below the heading; null where the run has nothing of it, and so no heading either. */
  readonly draw: (input: PageInput) => Html | null;
}
