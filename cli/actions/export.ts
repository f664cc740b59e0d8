import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { modelsOf } from '../../ensemble/definition.js';
import { readExportedEnsemble, verifyExported } from '../../ensemble/exported-ensemble.js';
import { InputFault } from '../../errors/fault.js';
import { count } from '../../report/notation.js';
import { graphName } from '../export/ensemble-graph.js';
import { thisMachine } from '../../worker/machine.js';
import { float16Facts, float16Lines } from '../export/float16-words.js';
import { defaultMaxLoss } from '../export/default-max-loss.js';
import { int8Facts, int8Lines, withoutQuantized } from '../export/int8-words.js';
import { exportRun } from '../export/export-run.js';
import { exportedFolderSchema } from '../facts/export.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { readResult } from '../runs/results.js';
import { runDirectory } from '../runs/run-directory.js';
import { allFiles } from '../runs/stored-runs.js';
import { printJson, type Console } from '../terminal/console.js';
import { openTableFiles } from '../../worker/table-files.js';
import { workdirAt } from '../workdir.js';

interface ExportOptions extends GlobalOptions, JsonOption {
  readonly force?: boolean;
  readonly verify?: boolean;
  readonly int8?: boolean;
  readonly float16?: boolean;
  readonly maxLoss?: number;
}

export async function exportEnsemble(
  console: Console,
  options: ExportOptions,
  run: string,
  folder: string | undefined,
): Promise<void> {
  if (options.verify === true) return verify(run, folder, options, console);
  if (folder === undefined) throw withoutFolder();
  if (options.maxLoss !== undefined && options.int8 !== true) throw withoutInt8();
  const { maxLoss = defaultMaxLoss } = options;
  const workdir = workdirAt(options.workdir);
  const directory = await runDirectory(run, workdir, allFiles);
  const result = await readResult(directory);
  const output = resolve(folder);
  const written = await exportRun({
    directory,
    result,
    tables: openTableFiles(workdir.path, null),
    target: output,
    force: options.force === true,
    maxLoss: options.int8 === true ? maxLoss : null,
    float16: options.float16 === true,
    threads: thisMachine().processors,
    onProgress: (text) => console.note(text),
  });
  const { models, notes } = written;
  const facts = {
    output,
    run: result.run,
    ...written,
    models: [...models],
    notes: [...notes],
    int8: int8Facts(written.int8, maxLoss),
    float16: float16Facts(written.float16),
  };
  if (options.json === true) printJson(console, exportedFolderSchema, facts);
  else {
    for (const note of notes) console.note(`note: ${note}`);
    for (const line of int8Lines(facts.int8)) console.note(line);
    for (const line of float16Lines(written.float16)) console.note(line);
    console.print(`${output}: ${count(written.files)} files, ${modelCount(models.length)}`);
  }
  if (facts.int8?.included === false) throw withoutQuantized(facts.int8);
}

async function verify(
  name: string,
  other: string | undefined,
  { json }: JsonOption,
  console: Console,
): Promise<void> {
  if (other !== undefined) {
    throw new InputFault({ where: '--verify', what: 'one folder is verified at a time', found: 'two names' });
  }
  const output = resolve(name);
  const { files, bytes } = await verifyExported(output);
  const { run, definition, int8, float16 } = await readExportedEnsemble(output);
  const models = modelsOf(definition).map((model) => relative(output, model.folder).replaceAll('\\', '/'));
  const graph = existsSync(join(output, graphName)) ? graphName : null;
  if (json === true) {
    const measured = int8Facts(int8 ?? null, 0);
    const facts = {
      output,
      run,
      models,
      graph,
      notes: [],
      int8: measured,
      float16: float16Facts(float16 ?? null),
      files: files + 1,
      bytes,
    };
    return printJson(console, exportedFolderSchema, facts);
  }
  console.print(`${output}: ${count(files)} files are those that were exported`);
}

function withoutFolder(): InputFault {
  return new InputFault({
    where: 'foldwise export',
    what: 'no folder is named to write into',
    remedy:
      'Name one after the run: foldwise export RUN FOLDER. Event files for TensorBoard: foldwise tensorboard RUN.',
  });
}

function withoutInt8(): InputFault {
  return new InputFault({
    where: '--max-loss',
    what: 'nothing is measured without --int8',
    remedy: 'Add --int8.',
  });
}

function modelCount(models: number): string {
  return models === 1 ? '1 model' : `${models} models`;
}
