const absent = '–';

/** A score between 0 and 1 with three decimals; a dash where there is none. */
export function score(value: number | null | undefined): string {
  return isNumber(value) ? value.toFixed(3) : absent;
}

/** What was tuned for a label: with two decimals where it has no more, with four else. */
export function tunedValue(value: number | undefined): string {
  if (!isNumber(value)) return absent;
  const short = value.toFixed(2);
  return Math.abs(Number(short) - value) < 1e-9 ? short : value.toFixed(4);
}

/** How far a score moved, with its sign: `+0.012`, `−0.003`, `±0.000`. */
export function change(value: number | null | undefined): string {
  if (!isNumber(value)) return absent;
  const digits = Math.abs(value).toFixed(3);
  return `${Number(digits) === 0 ? '±' : value > 0 ? '+' : '−'}${digits}`;
}

/** A loss with four significant digits; a dash where there is none. */
export function loss(value: number | null | undefined): string {
  return isNumber(value) ? value.toPrecision(4) : absent;
}

/** Seconds as a person says them: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number | null | undefined): string {
  if (!isNumber(seconds)) return absent;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${pad(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** A share of all: `12.8 %`; a dash where there is none. */
export function percent(share: number | null | undefined): string {
  return isNumber(share) ? `${(100 * share).toFixed(1)} %` : absent;
}

/** An amount of data as a person says it: `812 bytes`, `45 kB`, `246 MB`, `1.34 GB`. */
export function amount(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} bytes`;
  const [unit, size] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  const value = bytes / size;
  return `${value.toFixed(unit === 'GB' ? 2 : value < 9.95 ? 1 : 0)} ${unit}`;
}

/** A whole number in groups of three: `2,764`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/**
 * A name within a sentence. One that is written from right to left is isolated (Unicode's FSI and PDI), else the numbers
 * and commas behind it would be read from right to left as well, and stand before it.
 */
export function inSentence(name: string): string {
  return rightToLeft.test(name) ? `\u2068${name}\u2069` : name;
}

/** The blocks of the writings that run from right to left. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
