import type { StoredEnsemble } from './stored-ensemble.js';

/** Columns of a table in the place of those that the run's tables had. */
export interface OtherColumns {
  readonly text?: string;
  /** Null: `id` where a table has it, else rows are numbered. */
  readonly id?: string | null;
}

/** An ensemble that reads other columns of a table. */
export function withColumns(stored: StoredEnsemble, { text, id }: OtherColumns): StoredEnsemble {
  const { text: ownText, id: ownId, ...columns } = stored.columns;
  const named = id === undefined ? ownId : (id ?? undefined);
  return {
    ...stored,
    columns: {
      ...columns,
      text: text === undefined ? ownText : [text],
      ...(named === undefined ? {} : { id: named }),
    },
  };
}
