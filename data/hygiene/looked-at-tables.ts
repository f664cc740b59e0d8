import { statSync } from 'node:fs';
import type { Texts } from '../column-file/reader.js';
import type { PrepareRequest } from '../dataset.js';
import { TextMemory } from '../duplicates/text-memory.js';
import { openTestTable, openTrainingTable } from '../prepared-table.js';
import { pathOf, type TableFile } from '../table-file.js';
import type { TextSink } from '../text-rows.js';
import { drift, tableFacts, type DataFacts } from './data-facts.js';
import { asksForNear } from './gates.js';
import { countLabels } from './label-counts.js';
import { repeatedTexts, type RepeatedTexts } from './repeats.js';
import { TextProfile } from './text-profile.js';

/** Of more rows, near duplicates are looked for where a gate asks for them alone: that takes minutes. */
const mostNearRows = 50_000;
/** Of larger files nothing is remembered, so that their texts are compared only where they are kept. */
const mostRemembered = 256 * 1024 * 1024;

/** What is learnt of a pipeline's tables while they are prepared. */
export class LookedAtTables {
  private trained: TextProfile | undefined;
  private predicted: TextProfile | undefined;
  /** The texts, where nothing is kept of the tables. */
  private readonly memory: { readonly train: TextMemory; readonly test: TextMemory } | undefined;

  constructor(private readonly request: PrepareRequest) {
    if (request.output !== null || bytesOf(request) > mostRemembered) return;
    this.memory = { train: new TextMemory(), test: new TextMemory() };
  }

  /** Tells the texts of the training table on. */
  train(to: TextSink): TextSink {
    return (this.trained = new TextProfile([to, ...(this.memory === undefined ? [] : [this.memory.train])]));
  }

  /** Tells those of the test table on. */
  test(to: TextSink): TextSink {
    return (this.predicted = new TextProfile([to, ...(this.memory === undefined ? [] : [this.memory.test])]));
  }

  /** Once both tables are written. @param truth 0 or 1, `[rows, labels]` */
  facts(truth: Uint8Array): DataFacts {
    const { trained, predicted } = this;
    if (trained === undefined) throw new TypeError('no training table was read');
    return {
      train: tableFacts(trained),
      test: predicted === undefined ? null : tableFacts(predicted),
      labels: countLabels(this.request.labels, truth),
      repeated: this.repeated(trained, predicted, truth),
      drift: predicted === undefined ? null : drift(trained, predicted),
    };
  }

  private repeated(
    trained: TextProfile,
    predicted: TextProfile | undefined,
    truth: Uint8Array,
  ): RepeatedTexts | null {
    const opened = this.texts(predicted !== undefined);
    if (opened === null) return null;
    const { train, test, close } = opened;
    try {
      const near =
        trained.rows + (predicted?.rows ?? 0) <= mostNearRows || asksForNear(this.request.gates ?? {});
      return repeatedTexts({ train, test, truth }, near);
    } finally {
      close();
    }
  }

  private texts(hasTest: boolean): { train: Texts; test: Texts | null; close: () => void } | null {
    const { output } = this.request;
    if (output === null) {
      if (this.memory === undefined) return null;
      return { train: this.memory.train, test: hasTest ? this.memory.test : null, close: () => undefined };
    }
    const train = openTrainingTable(output.table);
    const test = hasTest ? openTestTable(output.test) : null;
    const close = (): void => {
      train.close();
      test?.close();
    };
    return { train: train.texts, test: test?.texts ?? null, close };
  }
}

/** A file that is not there is told of where it is read. */
function bytesOf({ train, test }: PrepareRequest): number {
  const size = (file: TableFile): number => statSync(pathOf(file), { throwIfNoEntry: false })?.size ?? 0;
  return size(train) + (test === null ? 0 : size(test));
}
