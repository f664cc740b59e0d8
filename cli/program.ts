import { Command, Option } from 'commander';
import { addCancel } from './commands/cancel.js';
import { addCodec } from './commands/codec.js';
import { addCompare } from './commands/compare.js';
import { addConfig } from './commands/config.js';
import { addRetry, addSkip } from './commands/decide.js';
import { addDev } from './commands/dev.js';
import { addDevices } from './commands/devices.js';
import { addDoctor } from './commands/doctor.js';
import { addExport } from './commands/export.js';
import { addKeys } from './commands/keys.js';
import { addPlan } from './commands/plan.js';
import { addInit } from './commands/init.js';
import { addReport } from './commands/report.js';
import { addPredict } from './commands/predict.js';
import { addRun } from './commands/run.js';
import { addRuns } from './commands/runs.js';
import { addSchedule } from './commands/schedule.js';
import { addScore } from './commands/score.js';
import { addSchema } from './commands/schema.js';
import { addServe } from './commands/serve.js';
import { addStart } from './commands/start.js';
import { addStatus } from './commands/status.js';
import { addStore } from './commands/store.js';
import { addTensorboard } from './commands/tensorboard.js';
import { addWatch } from './commands/watch.js';
import { addWorker } from './commands/worker.js';
import type { GlobalOptions } from './options.js';
import { chooseStore } from './store-option.js';
import { packageVersion } from '../worker/versions.js';
import type { Console } from './terminal/console.js';

/** In the order in which `--help` lists them. */
const commands = [
  addInit,
  addRun,
  addPlan,
  addConfig,
  addDev,
  addWorker,
  addStart,
  addWatch,
  addStatus,
  addRuns,
  addRetry,
  addSkip,
  addCancel,
  addSchedule,
  addReport,
  addPredict,
  addServe,
  addScore,
  addExport,
  addCompare,
  addTensorboard,
  addKeys,
  addCodec,
  addStore,
  addDoctor,
  addDevices,
  addSchema,
];

/** The command line, wired but not run: `createProgram(console).parseAsync(argv)`. */
export function createProgram(console: Console): Command {
  const program = new Command('foldwise')
    .description(
      'From a table of texts and labels to a scored ensemble of fine-tuned transformers: durable on Temporal, trained by ONNX Runtime.',
    )
    .option('--workdir <dir>', 'write everything below this folder (default: the current one)')
    .addOption(
      new Option(
        '--store <place>',
        'keep what is made in S3, for workers on many machines: s3://bucket/prefix (default: in the workdir)',
      ).env('FOLDWISE_STORE'),
    )
    .option('--debug', 'show the stack of an error')
    .version(packageVersion(), '--version', 'print the version')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => console.print(text.trimEnd()),
      writeErr: (text) => console.note(text.trimEnd()),
    })
    .showHelpAfterError('(see --help)')
    .hook('preAction', (_program, command) => chooseStore(command.optsWithGlobals<GlobalOptions>()))
    .exitOverride();
  for (const add of commands) add(program, console);
  return program;
}
