import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  predictStream,
  type StreamProgress,
  type WrittenTable,
} from '../../../cli/predict/predict-stream.js';
import type { PredictionOutput } from '../../../cli/predict/prediction-output.js';
import { ResumableFile, type ResumableFileOptions } from '../../../cli/predict/resumable-file.js';
import type { TextFormat } from '../../../data/text-stream/format.js';
import { fileSource, streamSource, type ByteSource } from '../../../data/text-stream/source.js';
import { ROWS_AT_ONCE, ScoredTogether } from '../../../engine/inference/scored-together.js';
import { withColumns, type OtherColumns } from '../../../ensemble/other-columns.js';
import type { StoredEnsemble } from '../../../ensemble/stored-ensemble.js';
import { temporaryName } from '../../../store/temporary-file.js';
import { fakeEnsemble, fakeServices } from './fake-models.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-predict-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

function source(content: string): ByteSource {
  async function* pieces(): AsyncGenerator<Buffer> {
    await Promise.resolve();
    yield Buffer.from(content);
  }
  return streamSource('standard input', pieces());
}

const csv: WrittenTable = { format: 'csv', probabilities: false };
const csvOf = (rows: number, from = 0): string =>
  `id,text\n${Array.from({ length: rows }, (_, row) => `r${from + row},${'x'.repeat(row % 9)}\n`).join('')}`;

interface Work {
  readonly ensemble?: StoredEnsemble;
  readonly from: ByteSource;
  readonly format?: TextFormat;
  readonly written?: WrittenTable;
  readonly target?: string;
  /** Rows that are scored together. */
  readonly group?: number;
  readonly options?: Partial<ResumableFileOptions>;
  readonly onScored?: (rows: number) => void;
  readonly onProgress?: (progress: StreamProgress) => void;
  readonly around?: (output: PredictionOutput) => PredictionOutput;
}

async function predict({ from, format = 'csv', written = csv, target = at('out.csv'), ...work }: Work) {
  const { ensemble = fakeEnsemble } = work;
  const options = { target, command: 'a', resume: false, force: false, ...work.options };
  const file = await ResumableFile.open(options);
  try {
    return await predictStream(fakeServices(at('scratch'), work.onScored), {
      ensemble,
      source: from,
      format,
      output: work.around?.(file) ?? file,
      written,
      ...(work.group === undefined ? {} : { together: new ScoredTogether({ rows: work.group }) }),
      signal: new AbortController().signal,
      ...(work.onProgress === undefined ? {} : { onProgress: work.onProgress }),
    });
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/** What is there of a target, read and taken away. */
function taken(target = at('out.csv')): string {
  const text = readFileSync(target, 'utf8');
  rmSync(target);
  expect(readdirSync(folder).filter((name) => /partial|progress|lock/.test(name))).toEqual([]);
  expect(readdirSync(at('scratch'))).toEqual([]);
  return text;
}

describe('a table of any length', () => {
  it('is written in order, ids verbatim, in each form', async () => {
    const table =
      '{"text":"xx","id":1.0}\n{"text":"","id":"a,b"}\n{"id":12345678901234567890,"text":"xxxxxx"}\n';
    const forms: [WrittenTable, string][] = [
      [csv, 'id,joy,fear\n1.0,0,0\n"a,b",0,0\n12345678901234567890,1,0\n'],
      [
        { format: 'csv', probabilities: true },
        'id,p_joy,p_fear\n1.0,0.25,0.0014648438\n"a,b",0,0.0024414063\n12345678901234567890,0.75,0.0034179688\n',
      ],
      [
        { format: 'jsonl', probabilities: false },
        '{"id":1.0,"labels":[]}\n{"id":"a,b","labels":[]}\n{"id":12345678901234567890,"labels":["joy"]}\n',
      ],
    ];
    for (const [written, expected] of forms) {
      const told = await predict({ from: source(table), format: 'jsonl', written });
      expect(taken()).toBe(expected);
      expect(told).toEqual({
        rows: 3,
        resumed: 0,
        models: 2,
        warnings: ['standard input: 1 of 3 texts are empty.'],
      });
    }
  });

  it('is scored in the groups that a run scores together, and tells how far it is', async () => {
    const rows = 2 * ROWS_AT_ONCE + 5;
    const groups: number[] = [];
    const progress: StreamProgress[] = [];
    const content = csvOf(rows);
    await predict({
      from: source(content),
      onScored: (count) => groups.push(count),
      onProgress: (each) => progress.push(each),
    });
    expect(groups).toEqual([ROWS_AT_ONCE, ROWS_AT_ONCE, ROWS_AT_ONCE, ROWS_AT_ONCE, 5, 5]);
    expect(progress.map((each) => each.rows)).toEqual(
      progress.map((each) => each.rows).sort((a, b) => a - b),
    );
    expect(progress.at(-1)).toEqual({ rows, bytes: content.length });
    const lines = taken().split('\n');
    expect([lines.length, lines[1], lines[rows]]).toEqual([rows + 2, 'r0,0,0', `r${rows - 1},0,0`]);
    for (let row = 0; row < rows; row += 9973) expect(lines[row + 1]!.split(',')[0]).toBe(`r${row}`);
  });

  it.each([
    ['without rows', 'id,text\n', /standard input: there is a header but no rows/],
    [
      'with an id twice',
      'id,text\na,x\nb,y\na,PRIVATE\n',
      /row 3 \(line 4\): the id is the same as in row 1/,
    ],
    ['without the text column', 'id,txt\n1,x\n', /no text column/],
    ['that is empty', '', /the file is empty/],
  ])('%s is refused, and nothing is written', async (_, content, message) => {
    await expect(predict({ from: source(content) })).rejects.toThrow(message);
    await expect(predict({ from: source(content) })).rejects.not.toThrow('PRIVATE');
    expect(readdirSync(folder)).not.toContain('out.csv');
    expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
  });
});

describe('a prediction that was cut off', { timeout: 120_000 }, () => {
  const group = 2000;
  const rows = 2 * group + 100;
  const content = csvOf(rows);
  const resume = { options: { resume: true } };
  const cut = new Error('cut off');

  /** Fails at the n-th call of a method. */
  const failing =
    (method: 'write' | 'reached' | 'finish', nth: number) =>
    (output: PredictionOutput): PredictionOutput => {
      let calls = 0;
      const call = async (run: () => Promise<void>, name: string): Promise<void> => {
        if (name === method && ++calls === nth) throw cut;
        await run();
      };
      return {
        from: output.from,
        write: (text) => call(() => output.write(text), 'write'),
        reached: (place) => call(() => output.reached(place), 'reached'),
        finish: () => call(() => output.finish(), 'finish'),
        abandon: () => output.abandon(),
      };
    };

  it('goes on to the same bytes, wherever it was cut off', async () => {
    await predict({ group, from: source(content) });
    const whole = taken();
    const moments: ['write' | 'reached' | 'finish', number, number][] = [
      ['write', 1, 0],
      ['reached', 1, 0],
      ['write', 2, group],
      ['reached', 2, group],
      ['write', 3, 2 * group],
      ['reached', 3, 2 * group],
      ['finish', 1, rows],
    ];
    for (const [method, nth, done] of moments) {
      const cutOff = predict({ group, from: source(content), around: failing(method, nth) });
      await expect(cutOff, `${method} ${nth}`).rejects.toThrow(cut);
      expect(existsSync(at('out.csv'))).toBe(false);
      if (done > 0)
        await expect(predict({ group, from: source(content) })).rejects.toThrow(
          new RegExp(`its prediction was cut off; found ${done} rows that are done.*--resume`),
        );
      const scored: number[] = [];
      const told = await predict({
        from: source(content),
        onScored: (count) => scored.push(count),
        ...resume,
      });
      expect([told.rows, told.resumed]).toEqual([rows, done]);
      expect(scored.reduce((sum, count) => sum + count, 0)).toBe(2 * (rows - done));
      expect(taken() === whole, `${method} ${nth}`).toBe(true);
    }
  });

  it('goes on where a row behind the place was mended', async () => {
    const broken = `${content.trimEnd()},too long\n`;
    await expect(predict({ group, from: source(broken) })).rejects.toThrow(/the row is too long/);
    const { resumed } = await predict({ group, from: source(content), ...resume });
    expect(resumed).toBe(2 * group);
    taken();
  });

  it('goes on with the same table, command and file alone, else says what to do', async () => {
    const begin = () => predict({ group, from: source(content), around: failing('reached', 2) });
    await expect(begin()).rejects.toThrow(cut);
    const refused: [Work, RegExp][] = [
      [
        { from: source(content), options: { resume: true, command: 'b' } },
        /not what is to go on.*another ensemble/,
      ],
      [{ group, from: source(csvOf(rows, 1)), ...resume }, /its beginning is not that of the table/],
      [{ group, from: source(csvOf(10)), ...resume }, /its beginning is not that of the table/],
    ];
    for (const [work, message] of refused) await expect(predict(work)).rejects.toThrow(message);
    truncateSync(at('out.csv.partial'), 1000);
    await expect(predict({ group, from: source(content), ...resume })).rejects.toThrow(
      /not what was written.*--force/,
    );
    writeFileSync(at('out.csv.progress'), '{"version":1}');
    await expect(predict({ group, from: source(content), ...resume })).rejects.toThrow(
      /does not say how far/,
    );
    await predict({ group, from: source(csvOf(1)), options: { force: true } });
    expect(taken()).toBe('id,joy,fear\nr0,0,0\n');
  });
});

describe('the columns of a table', () => {
  const of = (columns: StoredEnsemble['columns'], other: OtherColumns = {}): Partial<Work> => ({
    ensemble: withColumns({ ...fakeEnsemble, columns }, other),
  });

  it('that are not there are named by options, which the messages say', async () => {
    const from = (): ByteSource => source('key,message\nk0,x\nk1,xx\n');
    await expect(predict({ from: from(), ...of({ text: ['text'] }) })).rejects.toThrow(
      /no text column.*--text-column message/,
    );
    const keyed = { text: ['text'], id: 'nr' };
    await expect(predict({ from: from(), ...of(keyed, { text: 'message' }) })).rejects.toThrow(
      /no id column.*expected "nr".*--id-column.*--no-id-column/,
    );
    await predict({ from: from(), ...of(keyed, { text: 'message', id: 'key' }) });
    expect(taken()).toBe('key,joy,fear\nk0,0,0\nk1,0,0\n');
    await predict({ from: from(), ...of(keyed, { text: 'message', id: null }) });
    expect(taken()).toBe('id,joy,fear\n0,0,0\n1,0,0\n');
    const jsonl = source('{"message":"x","Id":1}\n');
    const { warnings } = await predict({ from: jsonl, format: 'jsonl', ...of({ text: ['message'] }) });
    expect(warnings).toEqual([expect.stringMatching(/"Id"\? Then name it by --id-column/)]);
    taken();
  });
});

describe('the file of predictions', () => {
  const group = 1000;
  it('is not written over but with --force', async () => {
    writeFileSync(at('mine.csv'), 'mine');
    const work = { target: at('mine.csv') };
    await expect(predict({ group, from: source(csvOf(1)), ...work })).rejects.toThrow(
      /a file of this name already.*--force/,
    );
    expect(readFileSync(at('mine.csv'), 'utf8')).toBe('mine');
    await predict({ group, from: source(csvOf(1)), ...work, options: { force: true } });
    expect(readFileSync(at('mine.csv'), 'utf8')).toBe('id,joy,fear\nr0,0,0\n');
  });

  it('is written by one command at a time, whatever the other is told', async () => {
    const options = { target: at('out.csv'), command: 'a', resume: false, force: false };
    const first = await ResumableFile.open(options);
    await first.write('begun');
    for (const more of [{}, { resume: true }, { force: true }])
      await expect(predict({ group, from: source(csvOf(2)), options: more })).rejects.toThrow(
        /out\.csv: another command is writing this file.*--output/,
      );
    expect(readFileSync(at('out.csv.partial'), 'utf8')).toBe('begun');
    await first.abandon();
    await predict({ group, from: source(csvOf(2)) });
    taken();
    // One that was killed keeps nobody from it.
    writeFileSync(at('out.csv.lock'), JSON.stringify({ pid: 2 ** 22 + 1, started: null }));
    const half = temporaryName(at('out.csv.progress')).replace(`-${process.pid}-`, `-${2 ** 22 + 1}-`);
    writeFileSync(half, '{');
    await predict({ group, from: source(csvOf(2)) });
    taken();
    writeFileSync(at('out.csv'), 'mine');
    await expect(predict({ group, from: source(csvOf(2)) })).rejects.toThrow(/of this name already/);
    expect(existsSync(at('out.csv.lock'))).toBe(false);
    rmSync(at('out.csv'));
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk says so, and what to do', async () => {
    const full = new Error('no space') as NodeJS.ErrnoException;
    full.code = 'ENOSPC';
    const { storageFault } = await import('../../../store/faults.js');
    expect(
      String(storageFault(full, 'x.partial', 'writing the predictions', '--resume goes on then')),
    ).toMatch(/writing the predictions failed.*ENOSPC.*Free some space there; --resume goes on then/);
  });

  it('is not whole where the table was changed meanwhile', async () => {
    const file = at('changing.csv');
    writeFileSync(file, csvOf(50 * group));
    const changing = predict({
      group,
      from: await fileSource(file),
      target: at('changed.csv'),
      onScored: () => writeFileSync(file, csvOf(50 * group).replace('r5,', 'q5,')),
    });
    await expect(changing).rejects.toThrow(/changing\.csv.*(was changed while it was read|too)/);
    expect(existsSync(at('changed.csv'))).toBe(false);
  });
});
