import { GrowingBytes } from './column-file/growing.js';
import type { ReadTable } from './csv.js';
import type { Header } from './header.js';
import { constancyWarnings, type LabelSource } from './label-source.js';
import { TableFault } from './table-fault.js';

/** The column of class names of a training table, each row's one of `labels`, as one-hot rows. */
export class ClassColumn implements LabelSource {
  private readonly rows = new GrowingBytes();
  private readonly places: ReadonlyMap<string, number>;
  private readonly positives: Float64Array;
  /** What is no class: the first such row, and how many there are. */
  private wrong: { readonly row: number; count: number } | undefined;

  private constructor(
    private readonly target: string,
    private readonly place: number,
    private readonly labels: readonly string[],
  ) {
    this.places = new Map(labels.map((label, index) => [label, index]));
    this.positives = new Float64Array(labels.length);
  }

  /** @throws TableFault where the column is missing */
  static of(
    header: Header,
    target: string,
    labels: readonly string[],
    asked: readonly string[],
  ): ClassColumn {
    const place = header.place(target);
    if (place !== undefined) return new ClassColumn(target, place, labels);
    throw header.fault(
      { missing: [target], asked },
      {
        what: 'the column of the classes is missing',
        expected: JSON.stringify(target),
        remedy: 'Correct data.target of the pipeline or the header of the table.',
      },
    );
  }

  append(cells: readonly string[], row: number): void {
    const found = this.places.get(cells[this.place]!);
    for (let index = 0; index < this.labels.length; index++) this.rows.append(index === found ? 1 : 0);
    if (found !== undefined) this.positives[found]! += 1;
    else if (this.wrong === undefined) this.wrong = { row, count: 1 };
    else this.wrong.count++;
  }

  async values(table: ReadTable): Promise<Uint8Array> {
    if (this.wrong === undefined) return this.rows.bytes();
    const { row, count } = this.wrong;
    const others = count === 1 ? '' : `; so are ${count - 1} more of this column`;
    throw new TableFault(await table.place(row, this.target), {
      what: `a class is none of the pipeline's labels${others}`,
      expected: `one of ${this.labels.slice(0, 20).join(', ')}`,
      remedy: 'Add it to the labels, or correct or leave out these rows.',
    });
  }

  warnings(file: string, rows: number): string[] {
    return constancyWarnings(file, this.labels, this.positives, rows);
  }
}
