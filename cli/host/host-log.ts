import { IllegalStateError } from '@temporalio/common';
import {
  DefaultLogger,
  Runtime,
  makeTelemetryFilterString,
  type LogLevel,
  type TelemetryOptions,
} from '@temporalio/worker';
import { join } from 'node:path';
import { LogFile } from '../../infra/log-file.js';
import type { ActivityFacts } from '../../worker/activity-facts.js';
import type { LoggingOptions } from '../options.js';
import type { Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import type { Workdir } from '../workdir.js';
import { renderEntry, type LogFormat, type LogLevelName } from './log-format.js';

export interface HostLogOptions {
  readonly level: LogLevelName;
  readonly format: LogFormat;
  /** Told every line of the workers, besides the file. */
  readonly onLine: (line: string) => void;
  /** Told what a person should know. By default it is a line of the log. */
  readonly onNote?: (message: string) => void;
}

/** The log of a command that shows something else on the terminal: all in the file. */
const quiet: HostLogOptions = { level: 'info', format: 'text', onLine: () => undefined };

/** The log of a command that shows nothing else: to standard error as well. */
export function openLog(workdir: Workdir, console: Console, options: LoggingOptions): HostLog {
  const { logLevel: level = 'info', logFormat: format = 'text' } = options;
  const onLine = (line: string): void => console.note(line);
  const onNote = format === 'text' ? { onNote: (message: string) => console.note(message) } : {};
  return new HostLog(workdir, { level, format, onLine, ...onNote });
}

/**
 * What the workers of this process log: to `.foldwise/worker.log`, where it cannot tear the screen, and to
 * whoever listens.
 */
export class HostLog {
  readonly path: string;
  private readonly file: LogFile;
  /** How the workers call themselves to the server, once that is known. */
  private worker: string | undefined;

  constructor(
    { state }: Workdir,
    private readonly options: HostLogOptions = quiet,
  ) {
    this.path = join(state, 'worker.log');
    this.file = new LogFile(this.path);
  }

  /**
   * Gives Temporal's runtime this log, and leaves signals to the command. The runtime is native and keeps
   * the process until the last connection of a worker is closed: so only once the server is known to answer.
   * A runtime that is there already is another worker's of this process, and logs as that one has it.
   *
   * @param sdkMetrics where the runtime answers with its metrics; null: nowhere
   */
  install(sdkMetrics: string | null = null): void {
    if (this.options.format === 'json') takeWarnings((message) => this.entry('WARN', message));
    const level = this.options.level.toUpperCase() as LogLevel;
    const core = level === 'TRACE' || level === 'DEBUG' ? level : 'WARN';
    try {
      Runtime.install({
        logger: new DefaultLogger(level, ({ level: at, message, meta }) => this.entry(at, message, meta)),
        telemetryOptions: {
          logging: { filter: makeTelemetryFilterString({ core }), forward: {} },
          ...(sdkMetrics === null ? {} : { metrics: metricsAt(sdkMetrics) }),
        },
        shutdownSignals: [],
      });
    } catch (error) {
      if (!(error instanceof IllegalStateError)) throw error;
    }
  }

  /** Tells a person. */
  readonly note = (message: string): void => {
    if (this.options.onNote === undefined) this.entry('INFO', message);
    else this.options.onNote(message);
  };

  /** From now on every line says which worker it comes from. */
  speakAs(worker: string): void {
    this.worker = worker;
  }

  /** Takes a line that a child process printed. */
  readonly printed = (line: string, facts: ActivityFacts): void => {
    if (line.trim() !== '') this.entry('WARN', line, facts);
  };

  private entry(level: string, message: string, meta: object = {}): void {
    const facts = {
      ...(this.worker === undefined ? {} : { worker: this.worker }),
      ...Object.fromEntries(Object.entries(meta)),
    };
    const entry = { time: new Date(), level, message: oneLine(message), facts };
    const line = renderEntry(entry, this.options.format);
    this.file.write(`${line}\n`);
    this.options.onLine(line);
  }
}

/** Has what Node warns of told as a line like the others: Node's own way is text. */
function takeWarnings(onWarning: (message: string) => void): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => onWarning(`${name}: ${message}`));
}

/** In milliseconds, and under the names, that the published dashboards expect. */
function metricsAt(bindAddress: string): NonNullable<TelemetryOptions['metrics']> {
  return { prometheus: { bindAddress, useSecondsForDurations: false }, attachServiceName: false };
}
