import { createLogUpdate } from 'log-update';
import { amount, count, duration } from '../../report/notation.js';
import type { Console } from './console.js';
import { bar, fit } from './layout.js';
import { paint, wantsColor } from './paint.js';

/** How far a prediction is. */
export interface PredictionView {
  readonly rows: number;
  readonly bytes: number;
  /** Of the whole table; null where it is not known beforehand. */
  readonly total: number | null;
  /** Since it began or went on, and what was there then. */
  readonly seconds: number;
  readonly from: { readonly rows: number; readonly bytes: number };
}

const barWidth = 24;

/** One line: a bar, the share of the table, rows, their pace and the time that is left. */
export function predictionBar(view: PredictionView, width: number, color: boolean): string {
  const { bytes, total } = view;
  const words = predictionWords(view).join('  ');
  if (total === null) return fit(`Predicting  ${words}`, width);
  const start = fit('Predicting', Math.max(0, width - barWidth - 2));
  const drawn = paint(color).cyan(bar(total === 0 ? 0 : bytes / total, barWidth));
  return `${start} ${drawn} ${fit(words, Math.max(0, width - start.length - barWidth - 2))}`;
}

export function predictionWords({ rows, bytes, total, seconds, from }: PredictionView): string[] {
  const pace = seconds > 0 ? (rows - from.rows) / seconds : 0;
  const left = total === null ? NaN : ((total - bytes) * seconds) / (bytes - from.bytes);
  return [
    ...(total === null || total === 0 ? [] : [`${Math.floor((bytes / total) * 100)} %`]),
    `${count(Math.floor(rows))} rows`,
    ...(total === null && bytes > 0 ? [amount(bytes)] : []),
    ...(pace > 0 ? [`${pace < 10 ? pace.toFixed(1) : count(Math.round(pace))} rows/s`] : []),
    ...(Number.isFinite(left) && left > 0 ? [`${duration(left)} left`] : []),
  ];
}

/** Between two lines where nothing can be redrawn. */
const lineMs = 15_000;
const framesPerSecond = 4;

/** Shows a prediction as it goes on. */
export interface PredictionDisplay {
  update(progress: { readonly rows: number; readonly bytes: number }): void;
  close(): void;
}

/**
 * A bar where standard error is a terminal, lines now and then anywhere else: standard output may be the table.
 *
 * @param total bytes of the table, null where that is not known
 * @param from what was there before it went on
 */
export function openPredictionDisplay(
  console: Console,
  total: number | null,
  from: PredictionView['from'],
  { stream = process.stderr, now = () => performance.now() } = {},
): PredictionDisplay {
  const began = now();
  let shown = { rows: from.rows, bytes: from.bytes };
  const view = (): PredictionView => ({ ...shown, total, from, seconds: (now() - began) / 1000 });
  if (!stream.isTTY || process.env['TERM'] === 'dumb') {
    let last = began;
    return {
      update: (progress) => {
        shown = progress;
        if (now() - last < lineMs) return;
        last = now();
        console.note(predictionWords(view()).join(', '));
      },
      close: () => undefined,
    };
  }
  const screen = createLogUpdate(stream);
  const draw = (): void => screen(predictionBar(view(), stream.columns, wantsColor(stream)));
  const timer = setInterval(draw, 1000 / framesPerSecond).unref();
  return {
    update: (progress) => {
      shown = progress;
    },
    close: () => {
      clearInterval(timer);
      draw();
      screen.done();
    },
  };
}
