import { createLogUpdate } from 'log-update';
import { count, duration } from '../../report/notation.js';
import type { Console } from '../terminal/console.js';
import { bar, fit } from '../terminal/layout.js';
import { paint, wantsColor } from '../terminal/paint.js';
import type { ScoreView } from './watch-score.js';

/** Shows a scoring as it goes on. */
export interface ScoreDisplay {
  update(view: ScoreView): void;
  note(text: string): void;
  /** Leaves the last state on the screen and gives the terminal back. */
  close(): void;
}

/** A bar on a terminal; a line for each tenth anywhere else. @param json keeps standard output for the facts */
export function openScoreDisplay(console: Console, json = false): ScoreDisplay {
  const stream = json ? process.stderr : process.stdout;
  if (stream.isTTY && process.env['TERM'] !== 'dumb') return new LiveDisplay(stream);
  const print = (line: string): void => (json ? console.note(line) : console.print(line));
  let told = '';
  return {
    update: (view) => {
      const { state, chunks } = view;
      const tenth = chunks.all === 0 ? 0 : Math.floor((10 * chunks.done) / chunks.all);
      const now = `${state} ${tenth}`;
      if (now !== told) print(scoreLine(view));
      told = now;
    },
    note: (text) => console.note(text),
    close: () => undefined,
  };
}

/** `scoring: 12 of 16 chunks, 786,432 of 1,000,000 rows (3 chunks reused)`. */
export function scoreLine({ state, chunks, rows }: ScoreView): string {
  if (chunks.all === 0) return state;
  const reused = chunks.reused === 0 ? '' : ` (${chunks.reused} reused)`;
  return `${state}: ${chunks.done} of ${chunks.all} chunks${reused}, ${count(rows.done)} of ${count(rows.all)} rows`;
}

const barWidth = 24;

class LiveDisplay implements ScoreDisplay {
  private readonly screen: ReturnType<typeof createLogUpdate>;
  private shown = '';

  constructor(private readonly stream: NodeJS.WriteStream) {
    this.screen = createLogUpdate(stream);
  }

  update(view: ScoreView): void {
    const { columns = 80 } = this.stream;
    const { rows, elapsedSeconds } = view;
    const share = rows.all === 0 ? 0 : rows.done / rows.all;
    const filled = paint(wantsColor(this.stream)).cyan(bar(share, barWidth));
    this.shown = `${filled} ${fit(`${scoreLine(view)}, ${duration(elapsedSeconds)}`, Math.max(0, columns - barWidth - 2))}`;
    this.screen(this.shown);
  }

  note(text: string): void {
    this.screen.persist(text);
    this.screen(this.shown);
  }

  close(): void {
    this.screen.done();
  }
}
