import { hostDevices } from '../host/devices.js';
import { checkInput } from '../input/checked-input.js';
import { checkModel } from '../input/checked-model.js';
import type { RunOptions } from '../runs/own-run.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { UsableDevice } from '../../worker/devices/probe.js';
import type { DownloadView } from '../../worker/download-progress.js';
import type { Console } from '../terminal/console.js';
import { openDisplay, type RunDisplay } from '../terminal/display.js';
import { workdirAt, writableWorkdir } from '../workdir.js';

export async function run(console: Console, options: RunOptions, file: string): Promise<void> {
  const display = openDisplay(console, options.json === true);
  try {
    const { pipeline, usable } = await checked(display, options, file);
    // Workers and what follows a run weigh much: who has to correct the input does not wait for them.
    const { OwnRun } = await import('../runs/own-run.js');
    await new OwnRun(console, display, file, options).run(pipeline, usable);
  } finally {
    display.close();
  }
}

interface Checked {
  readonly pipeline: Pipeline;
  /** What its folds train on. */
  readonly usable: readonly UsableDevice[];
}

/** Whatever a person has to change in the pipeline, its tables, its model or the device is said before anything starts. */
async function checked(display: RunDisplay, options: RunOptions, file: string): Promise<Checked> {
  const workdir = workdirAt(options.workdir);
  const { pipeline, warnings: ofTables } = await checkInput(file, options.set ?? {}, workdir);
  const { device, slots } = options;
  const onMessage = (message: string): void => display.note(message);
  // There is no log yet, and a driver says the same again to each fold.
  const usable = await hostDevices({ device, slots, onMessage, onOutput: () => undefined });
  const onDownload = (view: DownloadView): void => display.download(view);
  const { warnings: ofModel } = await checkModel(pipeline, { workdir, onDownload, devices: usable });
  display.download(null);
  for (const warning of [...ofTables, ...ofModel]) display.note(`warning: ${warning}`);
  await writableWorkdir(options.workdir);
  return { pipeline, usable };
}
