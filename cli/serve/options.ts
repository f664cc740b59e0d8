import { mostCharacters } from '../../ensemble/texts.js';
import { InvalidArgumentError, type Command } from 'commander';
import {
  defaultBatching,
  defaultLimits,
  type BatchingOptions,
  type ServingLimits,
} from '../../serving/limits.js';
import { duration, positiveInteger } from '../options.js';

/** What a server takes and how it gathers texts; absent values are left to it. */
export interface ServingOptions {
  readonly maxWait?: number;
  readonly batchTexts?: number;
  readonly batchCharacters?: number;
  readonly stuckAfter?: number;
  readonly maxQueue?: number;
  readonly maxBody?: number;
  readonly maxTexts?: number;
  readonly maxCharacters?: number;
  readonly maxConnections?: number;
  readonly requestTimeout?: number;
}

/** Adds the options of batches and limits. */
export function takesServingOptions(command: Command): Command {
  const [batching, limits] = [defaultBatching, defaultLimits];
  return command
    .option(
      '--max-wait <time>',
      `how long a text waits for others while nothing is scored (default: ${batching.maxWaitMs}ms)`,
      duration,
    )
    .option('--batch-texts <number>', `texts of a batch (default: ${batching.batchTexts})`, positiveInteger)
    .option(
      '--batch-characters <number>',
      `texts of a batch times the characters of its longest (default: ${batching.batchCharacters})`,
      positiveInteger,
    )
    .option(
      '--stuck-after <time>',
      `how long a batch may take before the command gives up (default: ${batching.stuckMs / 1000}s)`,
      duration,
    )
    .option(
      '--max-queue <texts>',
      `texts that wait at most (default: ${limits.queuedTexts})`,
      positiveInteger,
    )
    .option('--max-body <bytes>', `of a request (default: ${limits.bodyBytes})`, positiveInteger)
    .option('--max-texts <number>', `of a request (default: ${limits.texts})`, positiveInteger)
    .option('--max-characters <number>', `of a text (default: ${limits.characters})`, positiveInteger)
    .option('--max-connections <number>', `open at once (default: ${limits.connections})`, positiveInteger)
    .option(
      '--request-timeout <time>',
      `how long a request may take to come (default: ${limits.requestMs / 1000}s)`,
      duration,
    );
}

export function batchingOf(options: ServingOptions): BatchingOptions {
  const { maxWaitMs, batchTexts, batchCharacters, stuckMs } = defaultBatching;
  return {
    maxWaitMs: options.maxWait ?? maxWaitMs,
    batchTexts: options.batchTexts ?? batchTexts,
    batchCharacters: options.batchCharacters ?? batchCharacters,
    stuckMs: options.stuckAfter ?? stuckMs,
  };
}

export function limitsOf(options: ServingOptions): ServingLimits {
  const requestMs = options.requestTimeout ?? defaultLimits.requestMs;
  const bodyBytes = options.maxBody ?? defaultLimits.bodyBytes;
  const queuedTexts = options.maxQueue ?? defaultLimits.queuedTexts;
  return {
    bodyBytes,
    bodiesBytes: Math.max(bodyBytes, defaultLimits.bodiesBytes),
    // What never has a place in the queue is too much, and not only for now.
    texts: Math.min(options.maxTexts ?? defaultLimits.texts, queuedTexts),
    characters: Math.min(options.maxCharacters ?? defaultLimits.characters, mostCharacters),
    queuedTexts,
    connections: options.maxConnections ?? defaultLimits.connections,
    headersMs: Math.min(requestMs, defaultLimits.headersMs),
    requestMs,
    keepAliveMs: defaultLimits.keepAliveMs,
  };
}

/** Parses a port; 0 is any that is free. */
export function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (number <= 65_535) return number;
  throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
}

/** Parses what browsers send as the origin of a page. */
export function origin(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new InvalidArgumentError('It must be an origin, as in https://example.org.');
}
