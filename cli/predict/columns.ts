import type { Command } from 'commander';
import type { OtherColumns } from '../../ensemble/other-columns.js';

export interface ColumnOptions {
  readonly textColumn?: string;
  /** False where the ensemble's own is not there. */
  readonly idColumn?: string | false;
}

/** Adds `--text-column`, `--id-column` and `--no-id-column`. */
export function takesColumns(command: Command): Command {
  return command
    .option('--text-column <name>', 'the column of the texts (default: as in the pipeline)')
    .option(
      '--id-column <name>',
      'the column of the ids (default: as in the pipeline, else id where it is there)',
    )
    .option(
      '--no-id-column',
      "without the pipeline's column of ids: id where it is there, else rows are numbered",
    );
}

export function otherColumns({ textColumn: text, idColumn: id }: ColumnOptions): OtherColumns {
  return {
    ...(text === undefined ? {} : { text }),
    ...(id === undefined ? {} : { id: id === false ? null : id }),
  };
}
