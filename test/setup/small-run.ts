import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { withLock } from '../../infra/server/lock.js';
import { foldwise, type Ended } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';
import { sharedPlace } from './shared-folder.js';

/** A small project and a run of it, for the tests of commands that use a run. */
export class SmallRun {
  private constructor(
    readonly project: SmallProject,
    /** Its id. */
    readonly id: string,
  ) {}

  /** The run of two epochs that the test files share: the first that needs it trains it, each has a copy of its own. */
  static async shared(): Promise<SmallRun> {
    // Its tables stay: what is exported is measured on them.
    const folder = sharedPlace('run');
    const trained = join(folder, 'trained');
    const train = async (): Promise<void> => {
      if (existsSync(trained)) return;
      const { project } = await SmallRun.trainIn(new SmallProject(folder), 'training.epochs=2');
      renameSync(project.workdir, trained);
    };
    await withLock(sharedPlace('run.lock'), () => undefined, train);
    const project = new SmallProject();
    cpSync(trained, project.workdir, { recursive: true, preserveTimestamps: true });
    return SmallRun.of(project);
  }

  /** @param set settings besides, as in `training.epochs=2` */
  static train(...set: readonly string[]): Promise<SmallRun> {
    return SmallRun.trainIn(new SmallProject(), ...set);
  }

  private static async trainIn(project: SmallProject, ...set: readonly string[]): Promise<SmallRun> {
    const settings = set.flatMap((each) => ['--set', each]);
    const ran = await foldwise(['run', project.pipeline, '--workdir', project.workdir, ...settings]);
    expect([ran.code, ran.err]).toEqual([0, expect.not.stringMatching(/^error/m)]);
    return SmallRun.of(project);
  }

  private static of(project: SmallProject): SmallRun {
    return new SmallRun(project, readdirSync(join(project.workdir, 'runs'))[0]!);
  }

  get directory(): string {
    return join(this.project.workdir, 'runs', this.id);
  }

  /** A file of the run's directory. */
  file(name: string): string {
    return join(this.directory, name);
  }

  /** A place in the project's folder. */
  place(name: string): string {
    return join(this.project.folder, name);
  }

  /** Runs a command in its workdir. */
  on(...args: readonly string[]): Promise<Ended> {
    return foldwise([...args, '--workdir', this.project.workdir]);
  }

  remove(): void {
    rmSync(this.project.folder, { recursive: true, force: true });
  }
}
