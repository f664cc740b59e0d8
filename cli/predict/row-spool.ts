import type { Texts } from '../../data/column-file/reader.js';
import { ColumnFileWriter } from '../../data/column-file/writer.js';
import { preparedColumns } from '../../data/prepared-table.js';
import type { StreamedRow } from '../../data/text-stream/text-stream.js';

/** Rows that are scored together on their way to the models: their texts in a file, their ids in memory. */
export class RowSpool {
  private readonly ids: string[] = [];
  private readonly numbers: boolean[] = [];
  private open = true;
  private readonly file: ColumnFileWriter;
  private readonly texts: ReturnType<ColumnFileWriter['texts']>;

  constructor(readonly path: string) {
    this.file = new ColumnFileWriter(path);
    this.texts = this.file.texts(preparedColumns.texts);
  }

  get rows(): number {
    return this.ids.length;
  }

  append({ id, idIsNumber, text }: StreamedRow): void {
    this.ids.push(id);
    this.numbers.push(idIsNumber);
    this.texts.append(text);
  }

  /** The file is a prepared table of rows to predict then. */
  end(): void {
    this.texts.end();
    this.file.rowNumbers(preparedColumns.ids);
    this.file.finish(this.rows);
    this.close();
  }

  /** Also where it did not come to its end. */
  close(): void {
    if (this.open) this.file.close();
    this.open = false;
  }

  /** Whether the id of a row is a number. */
  isNumber(row: number): boolean {
    return this.numbers[row]!;
  }

  idTexts(): Texts {
    const { ids } = this;
    function* lists(most = 1024): Iterable<string[]> {
      for (let first = 0; first < ids.length; first += most) yield ids.slice(first, first + most);
    }
    return { length: ids.length, range: (first, end) => ids.slice(first, end), lists };
  }
}
