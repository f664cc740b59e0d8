import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In every text of the tables: nothing that is printed or kept may hold it. */
export const privateWords = 'private words';

const labels = ['joy', 'fear'];
const header = ['id', 'text', ...labels].join(',');

/** `count` labelled rows, learnable: the words tell the labels. */
export function trainingRows(count: number): string {
  const rows = Array.from({ length: count }, (_, row) => {
    const joy = row % 2;
    const fear = row % 3 === 0 ? 1 : 0;
    const words = `${joy === 1 ? 'glad' : 'grey'} ${fear === 1 ? 'dread' : 'calm'} ${privateWords}`;
    return `r${row},${words} ${row},${joy},${fear}\n`;
  });
  return `${header}\n${rows.join('')}`;
}

/** A folder with a small pipeline and its tables, any file of which a test may then spoil. */
export class SmallProject {
  readonly pipeline: string;
  /** Not there until a command writes into it. */
  readonly workdir: string;

  constructor(readonly folder = mkdtempSync(join(tmpdir(), 'foldwise-project-'))) {
    this.pipeline = join(folder, 'pipeline.yaml');
    this.workdir = join(folder, 'work');
    this.write('train.csv', trainingRows(40));
    this.write('test.csv', `id,text\na,glad calm ${privateWords}\nb,grey dread ${privateWords}\n`);
    this.model(
      'scratch: { type: deberta-v2, hiddenSize: 32, layers: 1, heads: 2, intermediateSize: 64, vocabulary: 80 }',
    );
  }

  write(name: string, content: string | Buffer): string {
    const path = join(this.folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Writes the pipeline with another model, as YAML's flow mapping has it between the braces. */
  model(yaml: string): void {
    this.write(
      'pipeline.yaml',
      `name: small
labels: [${labels.join(', ')}]
data: { train: train.csv, test: test.csv }
folds: { count: 2 }
model: { ${yaml}, maxLength: 16 }
training: { epochs: 8, batchSize: 4, learningRate: 3.0e-3 }
`,
    );
  }

  /** Copies a folder into this one. */
  copy(source: string, name: string): string {
    const target = join(this.folder, name);
    cpSync(source, target, { recursive: true });
    return target;
  }
}
