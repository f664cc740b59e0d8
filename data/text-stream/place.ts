/**
 * A place between two rows of a table. What comes before it is told with it, so that a reader that begins there counts
 * rows and lines as one does that has read all of it.
 */
export interface StreamPlace {
  /** Bytes before it. */
  readonly offset: number;
  /** Rows before it, the header not counted. */
  readonly rows: number;
  /** Ends of lines before it. */
  readonly lines: number;
}

/** Before the header. */
export const streamStart: StreamPlace = { offset: 0, rows: 0, lines: 0 };
