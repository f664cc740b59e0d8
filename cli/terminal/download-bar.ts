import { amount } from '../../report/notation.js';
import { paceWords, type DownloadView } from '../../worker/download-progress.js';
import { bar, fit } from './layout.js';
import { paint } from './paint.js';

const barWidth = 24;

/** One line on a download: a bar, its share, size, speed and the time that is left. */
export function downloadBar(view: DownloadView, width: number, color: boolean): string {
  const { file, bytes, total } = view;
  const share = total === 0 ? 1 : bytes / total;
  const words = [
    `${Math.floor(share * 100)} %`,
    `${amount(bytes)} of ${amount(total)}`,
    ...paceWords(view),
  ].join('  ');
  const room = width - barWidth - 2;
  const start = fit(`Downloading ${file}`, Math.max(0, room - words.length - 1));
  return `${start} ${paint(color).cyan(bar(share, barWidth))} ${fit(words, Math.max(0, room - start.length))}`;
}
