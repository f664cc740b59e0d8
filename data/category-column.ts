import { Growing } from './column-file/growing.js';
import type { ReadTable } from './csv.js';
import type { Header } from './header.js';
import type { RowGroups } from './row-groups.js';
import { TableFault } from './table-fault.js';

/** A `Map` holds no more than some 16 million. */
const mostValues = 10_000_000;

/** What a setting names a column for, and what is told where it cannot be used. */
export interface CategoryUse {
  /** `folds.group` … */
  readonly setting: string;
  /** `the column of the groups` … */
  readonly what: string;
}

/** A column of a training table whose values sort the rows: each row's value, as a number. */
export class CategoryColumn {
  private readonly numbers = new Map<string, number>();
  private readonly values = new Growing((length) => new Uint32Array(length));
  private empty: { readonly row: number; count: number } | undefined;
  private tooMany: number | undefined;

  private constructor(
    private readonly name: string,
    private readonly place: number,
  ) {}

  /** @throws TableFault where the column is missing */
  static of(
    header: Header,
    name: string,
    asked: readonly string[],
    { setting, what }: CategoryUse,
  ): CategoryColumn {
    const place = header.place(name);
    if (place !== undefined) return new CategoryColumn(name, place);
    throw header.fault(
      { missing: [name], asked },
      {
        what: `${what} is missing`,
        expected: JSON.stringify(name),
        remedy: `Correct ${setting} of the pipeline or the header of the table.`,
      },
    );
  }

  append(cells: readonly string[], row: number): void {
    const value = cells[this.place]!;
    if (value.trim() === '') {
      if (this.empty === undefined) this.empty = { row, count: 1 };
      else this.empty.count++;
    }
    let number = this.numbers.get(value);
    if (number === undefined) {
      if (this.numbers.size === mostValues) this.tooMany ??= row;
      else this.numbers.set(value, (number = this.numbers.size));
    }
    this.values.append(number ?? 0);
  }

  /** The values, in order of appearance. */
  names(): string[] {
    return [...this.numbers.keys()];
  }

  /** @throws TableFault for the first cell that says nothing */
  async groups(table: ReadTable, { what }: CategoryUse): Promise<RowGroups> {
    if (this.empty !== undefined) {
      const { row, count } = this.empty;
      const others = count === 1 ? '' : `; so are ${count - 1} more of this column`;
      throw new TableFault(await table.place(row, this.name), {
        what: `a cell of ${what} is empty${others}`,
        expected: 'a value in every row',
        remedy: 'Fill it in: a row that belongs to no other has a value of its own.',
      });
    }
    if (this.tooMany !== undefined) {
      throw new TableFault(await table.place(this.tooMany, this.name), {
        what: `${what} has more than ${mostValues} values`,
        remedy: 'Name a column of fewer.',
      });
    }
    return { of: Int32Array.from(this.values.values()), count: this.numbers.size };
  }
}
