// Writes the rows of BRIGHTER's English texts that have exactly one emotion, with its name:
//   node examples/one-emotion/select-rows.mjs [TABLE] [OUTPUT]
import { parse } from 'csv-parse/sync';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [table = here('../../../shared/data/brighter-eng/train.csv'), output = here('one-emotion.csv')] =
  process.argv.slice(2);
const emotions = ['anger', 'fear', 'joy', 'sadness', 'surprise'];

const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const rows = parse(readFileSync(table), { columns: true }).flatMap((row) => {
  const present = emotions.filter((emotion) => row[emotion] === '1');
  return present.length === 1 ? [[row.id, row.text, present[0]].map(quoted).join(',')] : [];
});
writeFileSync(output, ['id,text,emotion', ...rows, ''].join('\n'));
console.log(`${rows.length} rows in ${output}`);
