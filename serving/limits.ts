/** What a server takes before it says no. */
export interface ServingLimits {
  /** Of a request's body. */
  readonly bodyBytes: number;
  /** Of all bodies that are being read at once. */
  readonly bodiesBytes: number;
  /** Texts of a request. */
  readonly texts: number;
  /** Characters of a text, as UTF-16 counts them. */
  readonly characters: number;
  /** Texts that wait. */
  readonly queuedTexts: number;
  readonly connections: number;
  /** How long a client may take for a request's head. */
  readonly headersMs: number;
  /** How long a client may take for a whole request. */
  readonly requestMs: number;
  /** How long a connection without a request stays open. */
  readonly keepAliveMs: number;
}

export const defaultLimits: ServingLimits = {
  bodyBytes: 2 << 20,
  bodiesBytes: 64 << 20,
  texts: 1_000,
  characters: 100_000,
  queuedTexts: 4_096,
  connections: 2_000,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 30_000,
};

/** How texts are gathered. */
export interface BatchingOptions {
  /** How long a text may wait for others while nothing is scored. What comes while something is waits anyway. */
  readonly maxWaitMs: number;
  /** Texts of a batch. */
  readonly batchTexts: number;
  /** Of a batch: its texts times the characters of its longest, which is what the models compute; one text may have more. */
  readonly batchCharacters: number;
  /** How long a batch may take before the engine counts as stuck. */
  readonly stuckMs: number;
}

export const defaultBatching: BatchingOptions = {
  maxWaitMs: 0,
  batchTexts: 32,
  batchCharacters: 65_536,
  stuckMs: 120_000,
};
