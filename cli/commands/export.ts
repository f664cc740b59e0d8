import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { modelsOf } from '../../ensemble/definition.js';
import { readExportedEnsemble, verifyExported } from '../../ensemble/exported-ensemble.js';
import { InputFault } from '../../errors/fault.js';
import { count } from '../../report/notation.js';
import { graphName } from '../export/ensemble-graph.js';
import { exportRun } from '../export/export-run.js';
import { exportedFolderSchema } from '../facts/export.js';
import { printsJson, runNames, type GlobalOptions, type JsonOption } from '../options.js';
import { readResult } from '../runs/results.js';
import { runDirectory } from '../runs/run-directory.js';
import { printJson, type Console } from '../terminal/console.js';
import { workdirAt } from '../workdir.js';

interface ExportArguments extends GlobalOptions, JsonOption {
  readonly force?: boolean;
  readonly verify?: boolean;
}

/** `foldwise export RUN DIR`: the ensemble of a run as a folder that others use. */
export function addExport(program: Command, console: Console): void {
  printsJson(program.command('export'))
    .argument('<run>', `${runNames}; with --verify the folder`)
    .argument('[folder]', 'where to: a new folder')
    .summary("write a run's ensemble as a folder for others")
    .description(
      'Writes the models of a completed run with their thresholds as a folder that foldwise, transformers, transformers.js and ONNX Runtime load. It is written whole or not at all.',
    )
    .option('--force', 'replace an export that is in the folder')
    .option('--verify', 'write nothing: compare every file of an exported folder with its hash')
    .addHelpText(
      'after',
      `
Examples:
  foldwise export latest model
  foldwise export --verify model`,
    )
    .action(async (run: string, folder: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExportArguments>();
      if (options.verify === true) return verify(run, folder, options, console);
      if (folder === undefined) throw withoutFolder();
      const workdir = workdirAt(options.workdir);
      const directory = await runDirectory(run, workdir);
      const result = await readResult(directory);
      const output = resolve(folder);
      const written = await exportRun({
        directory,
        result,
        target: output,
        force: options.force === true,
        onProgress: (text) => console.note(text),
      });
      const { models, notes } = written;
      const facts = { output, run: result.run, ...written, models: [...models], notes: [...notes] };
      if (options.json === true) return printJson(console, exportedFolderSchema, facts);
      for (const note of notes) console.note(`note: ${note}`);
      console.print(`${output}: ${count(written.files)} files, ${modelCount(models.length)}`);
    });
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
  const { run, definition } = await readExportedEnsemble(output);
  const models = modelsOf(definition).map((model) => relative(output, model.folder).replaceAll('\\', '/'));
  const graph = existsSync(join(output, graphName)) ? graphName : null;
  if (json === true) {
    const facts = { output, run, models, graph, notes: [], files: files + 1, bytes };
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

function modelCount(models: number): string {
  return models === 1 ? '1 model' : `${models} models`;
}
