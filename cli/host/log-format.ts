export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevelName = (typeof logLevels)[number];

/** A line of text for each entry, or one of JSON. */
export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** A text is cut beyond it: what fails may quote anything. */
const longestText = 8_000;
/** Facts that would make a longer line are left out, which the line then says. */
const longestLine = 32_000;

export interface LogEntry {
  readonly time: Date;
  /** As Temporal's loggers have it: `INFO`, `WARN` and so on. */
  readonly level: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One line, without its end. */
export function renderEntry({ time, level, message, facts }: LogEntry, format: LogFormat): string {
  const stamp = time.toISOString();
  const text = message.slice(0, longestText);
  const told = json(facts).length > longestLine ? { factsLeftOut: true } : facts;
  // Once more, last: no fact may take the place of what every line has.
  const fixed = { time: stamp, level, message: text };
  if (format === 'json') return json({ ...fixed, ...told, ...fixed });
  return `${stamp} ${level} ${text}${Object.keys(told).length === 0 ? '' : ` ${json(told)}`}`;
}

/** Long texts cut, errors by their messages. */
function json(facts: Readonly<Record<string, unknown>>): string {
  const seen = new Set<unknown>();
  return JSON.stringify(facts, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'string')
      return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
    if (value instanceof Error) return value.message;
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return '…';
    seen.add(value);
    return value;
  });
}
