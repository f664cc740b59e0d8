import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of each fold, so that every one holds something out. */
const rowsPerFold = 3;

const labels = ['anger', 'fear', 'joy', 'sadness', 'surprise'];

/** A folder for one run of instant folds, and the pipeline in it. */
export interface Project {
  readonly folder: string;
  readonly labels: readonly string[];
  readonly pipeline: Readonly<Record<string, unknown>>;
  remove(): Promise<void>;
}

export async function makeProject(folds: number, epochs: number): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-scale-'));
  const [train, test] = [join(folder, 'train.csv'), join(folder, 'test.csv')];
  const row = (index: number): string =>
    `r${index},text ${index},${labels.map((_, label) => (index + label) % 2).join(',')}\n`;
  const rows = Array.from({ length: folds * rowsPerFold }, (_, index) => row(index));
  await writeFile(train, `id,text,${labels.join(',')}\n${rows.join('')}`);
  await writeFile(test, 'id,text\na,one\nb,two\n');
  return {
    folder,
    labels,
    pipeline: {
      name: 'scale',
      labels,
      data: { train, test },
      folds: { count: folds },
      model: {
        scratch: { type: 'bert', hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8, vocabulary: 20 },
      },
      training: { epochs },
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
