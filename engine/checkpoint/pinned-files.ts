import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentFault } from '../../errors/fault.js';
import { modelFiles } from './model-folder.js';

/** A model's files are not those any more that its digests were made of. */
export class ModelChanged extends EnvironmentFault {}

/**
 * The files of a model folder as they were when they were hashed. What is read between `of` and `check` is
 * what was hashed: a write to a file, or a file in the place of another, changes a state that is compared.
 */
export class PinnedFiles {
  private constructor(
    private readonly folder: string,
    private readonly digests: Readonly<Record<string, string>>,
    private readonly states: Map<string, FileState>,
  ) {}

  /**
   * Hashes the files of a model.
   *
   * @param digests SHA-256 by name @param onProgress called after each file
   * @throws ModelChanged where another one is there
   */
  static async of(
    folder: string,
    digests: Readonly<Record<string, string>>,
    onProgress: () => void = () => undefined,
  ): Promise<PinnedFiles> {
    const pinned = new PinnedFiles(folder, digests, new Map());
    for (const name of Object.keys(digests)) {
      await pinned.pin(name);
      onProgress();
    }
    await pinned.check();
    return pinned;
  }

  /** @throws ModelChanged where a file was touched since, or one has come that would be read in its place */
  async check(): Promise<void> {
    for (const [name, state] of this.states) {
      const { content, any } = await stateOf(this.folder, name);
      if (content !== state.content) throw changed(this.folder, name);
      // A new link or other rights are harmless, but a time that was set back looks like them.
      if (any !== state.any) await this.pin(name);
    }
    const unknown = (await modelFiles(this.folder)).find((name) => !this.states.has(name));
    if (unknown !== undefined) throw changed(this.folder, unknown);
  }

  private async pin(name: string): Promise<void> {
    const state = await stateOf(this.folder, name);
    if ((await sha256(join(this.folder, name))) !== this.digests[name]) throw changed(this.folder, name);
    this.states.set(name, state);
  }
}

interface FileState {
  /** Changes with what is written. */
  readonly content: string;
  /** Changes with anything, and nobody can set it. */
  readonly any: string;
}

async function stateOf(folder: string, name: string): Promise<FileState> {
  const found = await stat(join(folder, name), { bigint: true }).catch(() => undefined);
  if (found === undefined) throw changed(folder, name);
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  return { content: [dev, ino, size, mtimeNs].join(' '), any: String(ctimeNs) };
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function changed(folder: string, name: string): ModelChanged {
  return new ModelChanged({
    where: join(folder, name),
    what: 'the file of the model was changed while the fold waited or trained',
    remedy: 'Leave it alone while runs use it; the fold starts again with what is there now.',
  });
}
