import type { DownloadProgress } from '../engine/checkpoint/hub.js';
import { amount, duration } from '../report/notation.js';

/** How far the download of a file of a model is. */
export interface DownloadView extends DownloadProgress {
  readonly checkpoint: string;
  /** Of late; null before there is anything to judge by. */
  readonly bytesPerSecond: number | null;
}

/** What lies longer back says little of how fast it is now. */
const windowMs = 10_000;
/** A file comes in many thousand pieces a second at most: what is closer together than this is not remembered. */
const apartMs = 100;

/** Adds the speed to what is told of a download. */
export class DownloadPace {
  private last = { file: '', bytes: 0 };
  private seen: { readonly at: number; readonly bytes: number }[] = [];

  /** @param now milliseconds of a clock that only goes forward */
  constructor(
    private readonly checkpoint: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  view(progress: DownloadProgress): DownloadView {
    const at = this.now();
    const { file, bytes } = progress;
    // What is fewer than before begins anew.
    if (file !== this.last.file || bytes < this.last.bytes) this.seen = [];
    this.last = { file, bytes };
    if (at - (this.seen.at(-1)?.at ?? -Infinity) >= apartMs)
      this.seen = [...this.seen.filter((sample) => at - sample.at <= windowMs), { at, bytes }];
    const first = this.seen[0] ?? { at, bytes };
    const bytesPerSecond = at > first.at ? ((bytes - first.bytes) / (at - first.at)) * 1000 : null;
    return { checkpoint: this.checkpoint, ...progress, bytesPerSecond };
  }
}

/** How fast, and how long it will take at that; nothing of what is not known. */
export function paceWords({ bytes, total, bytesPerSecond }: DownloadView): string[] {
  if (bytesPerSecond === null || bytesPerSecond <= 0) return [];
  const left = bytes < total ? [`${duration((total - bytes) / bytesPerSecond)} left`] : [];
  return [`${amount(bytesPerSecond)}/s`, ...left];
}

/** Between two lines on the same file. */
const lineMs = 15_000;

/** Tells a download where nothing can be redrawn: as each file begins, and now and then while it lasts. */
export function downloadLines(
  onLine: (line: string) => void,
  now: () => number = () => performance.now(),
): (view: DownloadView) => void {
  let last: { readonly file: string; readonly at: number } | undefined;
  return (view) => {
    const { checkpoint, file, bytes, total } = view;
    const at = now();
    if (last?.file !== file) {
      const here = bytes > 0 && bytes < total ? `, of which ${amount(bytes)} are here already` : '';
      onLine(`Downloading ${file} of ${checkpoint} (${amount(total)}${here}).`);
      last = { file, at };
    } else if (at - last.at >= lineMs) {
      const share = `${Math.floor((bytes / total) * 100)} %`;
      onLine(`${file}: ${[`${amount(bytes)} of ${amount(total)}`, share, ...paceWords(view)].join(', ')}`);
      last = { file, at };
    }
  };
}
