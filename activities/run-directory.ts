import type { ActivityName } from '../pipeline/pipeline.js';
import type { OutputOf } from './contracts.js';
import type { TrainedCell } from './outputs.js';
import { OwnedDirectory, requireDirectoryName } from './owned-directory.js';
import { modelFolder, records } from './records.js';
import type { Services } from './services.js';

/** What a run's folder stands on. */
export type RunServices = Pick<Services, 'store' | 'runsDirectory' | 'results'>;

/** The folder of one run. */
export class RunDirectory extends OwnedDirectory {
  constructor({ store, runsDirectory, results }: RunServices, run: string) {
    super(store, runsDirectory, run, 'run', results?.runs ?? null);
  }

  /**
   * Puts the files of a step's output where they belong; again does no harm.
   *
   * @param member of the ensemble, whose fold it is
   */
  async place<Name extends ActivityName>(activity: Name, output: OutputOf<Name>, member = ''): Promise<void> {
    await this.put(records[activity].files(output, member));
  }

  /** The folder of a cell's exported model, its files in place. */
  async model(trained: TrainedCell): Promise<string> {
    await this.place('trainFold', trained, trained.member);
    return this.pathOf(modelFolder(trained));
  }
}

/** A run's id becomes a folder, and may come from anyone who reaches the namespace. */
export function requireRunName(run: string): void {
  requireDirectoryName(run, 'run');
}
