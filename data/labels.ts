import { defaultTask, tasks } from '../tasks/index.js';
import type { Task } from '../tasks/task.js';
import { GrowingBytes } from './column-file/growing.js';
import type { ReadTable } from './csv.js';
import { listed, type Header } from './header.js';
import { constancyWarnings, type LabelSource } from './label-source.js';
import { TableFault } from './table-fault.js';

/** The label columns of a training table, in the order of `labels`, as its rows are read. */
export class LabelColumns implements LabelSource {
  private readonly cells = new GrowingBytes();
  private readonly positives: Float64Array;
  /** By label, what is neither 0 nor 1: the first such row, and how many there are. */
  private readonly wrong = new Map<number, { readonly row: number; readonly kind: string; count: number }>();

  /** The first row that the task does not take, and how many there are. */
  private refused: { readonly row: number; readonly why: string; count: number } | undefined;

  private constructor(
    private readonly labels: readonly string[],
    private readonly places: readonly number[],
    private readonly task: Task,
  ) {
    this.positives = new Float64Array(labels.length);
  }

  /** @throws TableFault for a missing column */
  static of(
    header: Header,
    labels: readonly string[],
    asked: readonly string[],
    task: Task = tasks[defaultTask],
  ): LabelColumns {
    const places = labels.map((label) => header.place(label));
    const missing = labels.filter((_, index) => places[index] === undefined);
    if (missing.length > 0) {
      throw header.fault(
        { missing, asked },
        {
          what: `${missing.length === 1 ? 'a label column is' : 'label columns are'} missing`,
          expected: listed(missing),
          remedy: 'Correct the labels of the pipeline or the header of the table.',
        },
      );
    }
    return new LabelColumns(labels, places as number[], task);
  }

  /** Cells are exactly `0` or `1`. */
  append(cells: readonly string[], row: number): void {
    for (let label = 0; label < this.places.length; label++) {
      const cell = cells[this.places[label]!]!;
      this.cells.append(cell === '1' ? 1 : 0);
      if (cell === '1') this.positives[label]! += 1;
      else if (cell !== '0') this.note(label, row, cell);
    }
    const ones = this.places.filter((place) => cells[place] === '1').length;
    const why = this.task.faultOf(ones);
    if (why === null) return;
    if (this.refused === undefined) this.refused = { row, why, count: 1 };
    else this.refused.count++;
  }

  async values(table: ReadTable): Promise<Uint8Array> {
    for (const [index, label] of this.labels.entries()) {
      const wrong = this.wrong.get(index);
      if (wrong === undefined) continue;
      const { row, kind, count } = wrong;
      const others = count === 1 ? '' : `; so are ${count - 1} more of this column`;
      throw new TableFault(await table.place(row, label), {
        what: `a label is not 0 or 1${others}`,
        expected: '0 or 1',
        found: kind,
        remedy: 'Every training row needs each of its labels as 0 or 1, written so.',
      });
    }
    if (this.refused !== undefined) throw await this.refusal(table, this.refused);
    return this.cells.bytes();
  }

  private async refusal(
    table: ReadTable,
    { row, why, count }: { readonly row: number; readonly why: string; readonly count: number },
  ): Promise<TableFault> {
    const others = count === 1 ? '' : `; so are ${count - 1} more rows`;
    return new TableFault(await table.place(row), {
      what: `the labels are no answer of a ${this.task.name} pipeline${others}`,
      found: why,
      remedy: 'Correct or leave out these rows, or set `task: multi-label`.',
    });
  }

  warnings(file: string, rows: number): string[] {
    return constancyWarnings(file, this.labels, this.positives, rows);
  }

  private note(label: number, row: number, cell: string): void {
    const wrong = this.wrong.get(label);
    if (wrong === undefined) this.wrong.set(label, { row, kind: kindOf(cell), count: 1 });
    else wrong.count++;
  }
}

/** What a cell is, without its text: in a table whose columns are shifted it may be anything. */
function kindOf(cell: string): string {
  const text = cell.trim();
  if (text === '') return 'a blank';
  if (/^(?:nan|na|null|none|n\/a)$/i.test(text)) return 'a missing value (NaN or the like)';
  if (/^(?:true|false|yes|no)$/i.test(text)) return 'a word for true or false';
  if (text !== cell && (text === '0' || text === '1')) return '0 or 1 with spaces around it';
  return Number.isFinite(Number(text)) ? 'a number in another form' : 'text';
}
