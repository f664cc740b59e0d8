import type { TextSink } from '../text-rows.js';
import { Lengths } from './lengths.js';
import { ScriptCounts } from './scripts.js';

/** What the texts of a table are like, as they come by on their way to somebody else. */
export class TextProfile implements TextSink {
  readonly lengths = new Lengths();
  readonly scripts = new ScriptCounts();
  rows = 0;
  /** Texts of white space alone. */
  empty = 0;

  constructor(private readonly next: readonly TextSink[]) {}

  append(text: string): void {
    this.lengths.add(this.scripts.add(text));
    if (text.trim() === '') this.empty++;
    this.rows++;
    for (const sink of this.next) sink.append(text);
  }
}
