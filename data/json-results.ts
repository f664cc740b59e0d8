import { float32Text, type PredictedRow, type PredictedRows } from './results.js';

export interface JsonRow extends PredictedRow {
  /** Whether the id is written without quotes, as the table had it. */
  readonly idIsNumber: boolean;
}

export interface JsonRows extends PredictedRows<JsonRow> {
  /** Whether the probabilities are written, too. */
  readonly probabilities: boolean;
}

/** What is predicted of rows, an object on each line: the id, the labels that it is given, and the probability of each. */
export function* jsonLines({ id, labels, probabilities, rows }: JsonRows): Iterable<string> {
  const names = labels.map((label) => JSON.stringify(label));
  const idName = JSON.stringify(['labels', 'probabilities'].includes(id) ? 'id' : id);
  for (const row of rows) {
    const given = names.filter((_, label) => row.predictions[label] === 1);
    const fields = [
      `${idName}:${row.idIsNumber ? row.id : JSON.stringify(row.id)}`,
      `"labels":[${given.join(',')}]`,
      ...(probabilities ? [`"probabilities":{${numbers(names, row.probabilities)}}`] : []),
    ];
    yield `{${fields.join(',')}}\n`;
  }
}

function numbers(names: readonly string[], values: Float32Array): string {
  return names.map((name, label) => `${name}:${float32Text(values[label]!) || 'null'}`).join(',');
}
