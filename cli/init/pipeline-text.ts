import { dirname, isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { count } from '../../report/notation.js';
import { oneLine, type Suggestion } from './suggestion.js';

/** The text of a pipeline's file, each line with what it is for; `target` is where it will be. */
export function pipelineText(suggestion: Suggestion, target: string): string {
  const { name, labels, left, folds, lengths, rows, train } = suggestion;
  const folder = dirname(target);
  return `# yaml-language-server: $schema=${schemaPlace(folder)}
# Made by \`foldwise init\` from what is in the table. Read it, change it, then try \`foldwise plan\`.

name: ${scalar(name)}

${taskLines(suggestion)}
labels:
${labels.map((label) => `  - ${commented(scalar(label.name), share(label.positives, rows))}`).join('\n')}
${left.map(({ name: column, why }) => `  # not taken: ${oneLine(column)}: ${why}\n`).join('')}
data:
  ${commented(`train: ${place(train, folder)}`, `${count(rows)} rows`)}
${testLines(suggestion, folder)}
  ${commented(`text: ${scalar(suggestion.text.name)}`, `the column of the texts; half of them have at most ${count(lengths.medianWords)} words, the longest ${count(lengths.mostWords)}`)}
${targetLine(suggestion)}  ${idLine(suggestion)}

# One model is trained for each fold, and judged on the rows that it did not see.
folds:
  count: ${folds.count}
  ${folds.strategy === 'stratified' ? 'strategy: stratified' : commented('strategy: random', 'the combinations of labels are too rare to be in every fold')}
${groupLine(suggestion)}
model:
  ${commented('checkpoint: microsoft/deberta-v3-base', 'a model of the Hugging Face hub, or a folder')}
  ${commented(`maxLength: ${lengths.maxLength}`, `in tokens; 99 of 100 texts should have at most ${count(lengths.tokens)}, by an estimate`)}

training:
  epochs: 4
  batchSize: 16
  ${commented('learningRate: 1.5e-5', 'for a base model; smaller ones take more, as 5.0e-5')}
`;
}

function testLines({ test, testFault }: Suggestion, folder: string): string {
  if (test !== null) return `  ${commented(`test: ${place(test, folder)}`, 'the rows to predict')}`;
  const why = testFault === null ? '' : ` (there is one that cannot be used: ${testFault})`;
  return `  # test: test.csv   # the rows to predict; without it, label texts later with \`foldwise predict\`${why}`;
}

function taskLines({ target }: Suggestion): string {
  return target === null
    ? '# The columns of 0 and 1. Leave out what is no label.'
    : '# Every row has one of these classes, by name.\ntask: single-label';
}

function targetLine({ target }: Suggestion): string {
  return target === null ? '' : `  ${commented(`target: ${scalar(target)}`, 'the column of the classes')}\n`;
}

/** Whether rows of one group must be kept together is for a person to say. */
function groupLine({ group }: Suggestion): string {
  if (group === null) return '';
  return `  # ${commented(`group: ${scalar(group)}`, 'keeps rows with the same value in one fold: set it where they are alike')}\n`;
}

function idLine({ id }: Suggestion): string {
  return id === null
    ? '# id: id   # no column tells the rows apart, so they are numbered'
    : commented(`id: ${scalar(id)}`, 'different in every row');
}

function share(positives: number, rows: number): string {
  const words = `${count(positives)} of ${count(rows)} rows, ${((100 * positives) / rows).toFixed(1)} %`;
  return positives === 0 || positives === rows ? `${words}: nothing can be learnt about it` : words;
}

const column = 34;

function commented(text: string, comment: string): string {
  return `${text.padEnd(column)} # ${comment}`;
}

/** Quoted only where YAML needs it; always on one line. */
function scalar(text: string): string {
  const plain = stringify(text, { lineWidth: 0 }).trimEnd();
  return plain.includes('\n') ? JSON.stringify(text) : plain;
}

/** Relative to the file, as everything in it is, with the separators of every system. */
function place(path: string, folder: string): string {
  const way = relative(folder, path);
  return scalar(isAbsolute(way) ? way : way.split(sep).join('/'));
}

/** Where an editor finds the schema. */
function schemaPlace(folder: string): string {
  // One folder further up from dist/cli/init than from the source.
  const above = import.meta.url.endsWith('.ts') ? '../../pipeline/' : '../../../pipeline/';
  const schema = fileURLToPath(new URL(`${above}pipeline.schema.json`, import.meta.url));
  const way = relative(folder, schema);
  return isAbsolute(way) || /\s/.test(way) ? pathToFileURL(schema).href : way.split(sep).join('/');
}
