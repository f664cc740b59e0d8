import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { RandomState } from '../../data/splits/random-state.js';

export interface MadeTable {
  readonly rows: number;
  /** Least and most words of a text. */
  readonly words: readonly [number, number];
  readonly labels: readonly string[];
}

/** Some of them have to be quoted. */
const vocabulary =
  'the a good bad film was very much too long short nice awful story actor plot ending i we they loved hated it "so" well, čaj'.split(
    ' ',
  );

/** So many labels are true of every other row, those after them of few: or no rows would have the same ones. */
const frequent = 3;

const pieceCharacters = 1 << 20;

/** Writes a labelled table with ids; the same for the same size. */
export async function makeTable(
  path: string,
  { rows, words: [least, most], labels }: MadeTable,
): Promise<void> {
  const random = new RandomState(1);
  const file = createWriteStream(path);
  let piece = `id,text,${labels.join(',')}\n`;
  for (let row = 0; row < rows; row++) {
    const words = Array.from(
      { length: least + random.upTo(most - least) },
      () => vocabulary[random.upTo(vocabulary.length - 1)]!,
    );
    const text = words.join(' ').replaceAll('"', '""');
    piece += `r${row},"${text}",${labels.map((_, place) => (place < frequent ? random.upTo(1) : Number(random.upTo(31) === 0))).join(',')}\n`;
    if (piece.length < pieceCharacters) continue;
    if (!file.write(piece)) await once(file, 'drain');
    piece = '';
  }
  file.end(piece);
  await once(file, 'close');
}
