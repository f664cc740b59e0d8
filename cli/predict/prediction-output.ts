import type { Writable } from 'node:stream';
import { storageFault } from '../../store/faults.js';

/** Where a prediction stands between two groups of rows. */
export interface PredictionPlace {
  /** Rows before it. */
  readonly rows: number;
  /** Of the table that is read: bytes before it, and their digest. */
  readonly input: { readonly bytes: number; readonly sha256: string };
}

/** Where predicted rows are written to. */
export interface PredictionOutput {
  /** The place that is gone on from: null at the beginning. */
  readonly from: PredictionPlace | null;
  write(text: string): Promise<void>;
  /** All rows before a place have been written. */
  reached(place: PredictionPlace): Promise<void>;
  /** All rows of the table have been. */
  finish(): Promise<void>;
  /** No more rows come. @returns rows that are kept to go on from */
  abandon(): Promise<number>;
}

/** Standard output: what is written is gone. */
export function streamOutput(stream: Writable): PredictionOutput {
  return {
    from: null,
    write: async (text) => {
      try {
        await written(stream, text);
      } catch (error) {
        throw storageFault(error, 'standard output', 'writing the predictions');
      }
    },
    reached: () => Promise.resolve(),
    finish: () => Promise.resolve(),
    abandon: () => Promise.resolve(0),
  };
}

function written(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error == null ? resolve() : reject(error)));
  });
}
