import type { z } from 'zod';
import { holdsInInt8, lossWords } from '../../ensemble/in-int8.js';
import { exitCodes } from '../exit-codes.js';
import type { exportedFolderSchema } from '../facts/export.js';
import { CommandFailure } from '../failure.js';
import { tableLines } from '../terminal/table.js';
import type { ExportedFolder } from './export-run.js';

type Int8Facts = NonNullable<z.output<typeof exportedFolderSchema>['int8']>;

export function int8Facts(int8: ExportedFolder['int8'], maxLoss: number): Int8Facts | null {
  if (int8 === null) return null;
  if ('unmeasured' in int8) {
    const { unmeasured } = int8;
    return { included: false, unmeasured, macroF1: null, maxLoss, rows: 0, change: null, models: [] };
  }
  return { ...int8, included: holdsInInt8(int8), unmeasured: null, models: [...int8.models] };
}

/** What was measured, figure by figure. */
export function int8Lines(facts: Int8Facts | null): string[] {
  if (facts === null || facts.macroF1 === null) return [];
  const { macroF1, models, rows, change } = facts;
  const line = (name: string, { float32, int8 }: { float32: number; int8: number }): string[] => [
    name,
    float32.toFixed(4),
    int8.toFixed(4),
    (int8 - float32).toFixed(4),
  ];
  return [
    ...tableLines([
      [`macro F1 of ${rows} held-out rows`, 'float32', 'int8', 'change'],
      ...models.map(({ folder, ...scores }) => line(folder, scores)),
      line('the ensemble', macroF1),
    ]),
    `probabilities change by ${change?.mean.toFixed(5)} on average, ${change?.largest.toFixed(4)} at most`,
  ];
}

/** The folder is there, but not what was asked for. */
export function withoutQuantized({ macroF1, maxLoss, unmeasured }: Int8Facts): CommandFailure {
  const why =
    macroF1 === null
      ? `what it loses could not be measured: ${unmeasured}`
      : `it loses too much: ${lossWords({ macroF1, maxLoss })}`;
  return new CommandFailure(`int8 was left out of the folder, as ${why}`, exitCodes.partly);
}
