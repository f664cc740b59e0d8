import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { foldwise, type Ended } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';

/** A small project and a run of it, for the tests of commands that use a run. */
export class SmallRun {
  private constructor(
    readonly project: SmallProject,
    /** Its id. */
    readonly id: string,
  ) {}

  /** @param set settings besides, as in `training.epochs=2` */
  static async train(...set: readonly string[]): Promise<SmallRun> {
    const project = new SmallProject();
    const settings = set.flatMap((each) => ['--set', each]);
    const ran = await foldwise(['run', project.pipeline, '--workdir', project.workdir, ...settings]);
    expect([ran.code, ran.err]).toEqual([0, expect.not.stringMatching(/^error/m)]);
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
