import { createLogUpdate } from 'log-update';
import { downloadLines, type DownloadView } from '../../worker/download-progress.js';
import { isOver, type RunView } from '../runs/run-view.js';
import type { Console } from './console.js';
import { downloadBar } from './download-bar.js';
import { wantsColor } from './paint.js';
import { plainProgress } from './plain-progress.js';
import { renderProgress } from './render-progress.js';

/** Shows a run as it goes on. Remarks appear between, without tearing what is drawn. */
export interface RunDisplay {
  update(view: RunView): void;
  note(text: string): void;
  /** Shows how far a download is; null takes it away. */
  download(view: DownloadView | null): void;
  /** Leaves the last state on the screen and gives the terminal back. */
  close(): void;
}

/**
 * A screen that redraws itself on a terminal; lines on change anywhere else.
 *
 * @param json whether standard output is kept for the facts, so that the display goes to standard error
 */
export function openDisplay(console: Console, json = false): RunDisplay {
  const stream = json ? process.stderr : process.stdout;
  if (stream.isTTY && process.env['TERM'] !== 'dumb') return new LiveDisplay(stream);
  return new PlainDisplay(
    json ? { print: (line) => console.note(line), note: (line) => console.note(line) } : console,
  );
}

class PlainDisplay implements RunDisplay {
  private previous: RunView | null = null;
  private readonly downloads: (view: DownloadView) => void;

  constructor(private readonly console: Console) {
    this.downloads = downloadLines((line) => console.note(line));
  }

  update(view: RunView): void {
    for (const line of plainProgress(this.previous, view)) this.console.print(line);
    this.previous = view;
  }

  note(text: string): void {
    this.console.note(text);
  }

  download(view: DownloadView | null): void {
    if (view !== null) this.downloads(view);
  }

  close(): void {
    this.previous = null;
  }
}

/** Redraws per second: the spinner turns smoothly, and the processor has better things to do. */
const framesPerSecond = 8;

class LiveDisplay implements RunDisplay {
  private readonly screen: ReturnType<typeof createLogUpdate>;
  private view: RunView | null = null;
  private downloading: DownloadView | null = null;
  private seenAt = 0;
  private tick = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly stream: NodeJS.WriteStream) {
    this.screen = createLogUpdate(stream);
    this.timer = setInterval(() => this.draw(), 1000 / framesPerSecond);
    this.timer.unref();
  }

  update(view: RunView): void {
    this.view = view;
    this.seenAt = performance.now();
    this.draw();
  }

  note(text: string): void {
    this.screen.persist(text);
    this.draw();
  }

  download(view: DownloadView | null): void {
    if (view === null && this.downloading !== null) this.screen.clear();
    this.downloading = view;
  }

  close(): void {
    clearInterval(this.timer);
    this.draw();
    this.screen.done();
    this.view = null;
  }

  private draw(): void {
    const { columns = 80, rows = 24 } = this.stream;
    const color = wantsColor(this.stream);
    if (this.downloading !== null) return this.screen(downloadBar(this.downloading, columns, color));
    if (this.view === null) return;
    const options = { width: columns, height: rows - 1, color, tick: this.tick++ };
    this.screen(renderProgress(this.now(this.view), options).join('\n'));
  }

  /** The clock runs on between two looks at the run. */
  private now(view: RunView): RunView {
    if (isOver(view.progress.state)) return view;
    return { ...view, elapsedSeconds: view.elapsedSeconds + (performance.now() - this.seenAt) / 1000 };
  }
}
