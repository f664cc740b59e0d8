import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { takeLock, type HeldLock } from '../../infra/server/lock.js';
import { flushFolder, makeFolder, writeDurably } from '../../store/durable-file.js';
import { errorCode, storageFault } from '../../store/faults.js';
import { isAbandoned } from '../../store/temporary-file.js';
import type { PredictionOutput, PredictionPlace } from './prediction-output.js';

/** What goes on beside a file that is not whole yet: where it stands, and what it comes of. */
const progressSchema = z.strictObject({
  version: z.literal(1),
  /** Digest of all that the bytes depend on besides the table. */
  command: z.string(),
  rows: z.int().positive(),
  input: z.strictObject({ bytes: z.int().positive(), sha256: z.string() }),
  output: z.strictObject({ bytes: z.int().positive(), sha256: z.string() }),
});

type Progress = z.infer<typeof progressSchema>;

export interface ResumableFileOptions {
  readonly target: string;
  /** Digest of all that the bytes depend on besides the table. */
  readonly command: string;
  /** Goes on where the same command was cut off. */
  readonly resume: boolean;
  /** What is there already is written over. */
  readonly force: boolean;
}

/**
 * A file that is written for hours: under `<target>.partial` until it is whole, with `<target>.progress` beside it,
 * which says up to where it holds whole groups of rows.
 */
export class ResumableFile implements PredictionOutput {
  private file: FileHandle | null = null;
  private readonly partial: string;
  private readonly progress: string;
  private kept = 0;

  private constructor(
    private readonly options: ResumableFileOptions,
    readonly from: PredictionPlace | null,
    private bytes: number,
    private readonly hash: Hash,
    private readonly lock: HeldLock,
  ) {
    ({ partial: this.partial, progress: this.progress } = namesOf(options.target));
    this.kept = from?.rows ?? 0;
  }

  /**
   * Before anything is scored. Until it is finished or abandoned no other command opens it.
   *
   * @throws InputFault where something is there that would be lost, or nothing that fits to go on from, and where
   *   another command is writing it
   */
  static async open(options: ResumableFileOptions): Promise<ResumableFile> {
    const { target } = options;
    const lock = await takeLock(namesOf(target).lock);
    if (lock === null) throw beingWritten(target);
    try {
      return await ResumableFile.openLocked(options, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private static async openLocked(options: ResumableFileOptions, lock: HeldLock): Promise<ResumableFile> {
    const { target, command, resume, force } = options;
    const { partial, progress } = namesOf(target);
    const anew = (): ResumableFile => new ResumableFile(options, null, 0, createHash('sha256'), lock);
    await sweepBeside(target);
    // It was killed when the file had its name already.
    if (!(await exists(partial)) && (await exists(target))) await rm(progress, { force: true });
    if (!force && (await exists(target))) throw present(target);
    // What is there is written over, whatever it says.
    if (force && !resume) return anew();
    const found = await readProgress(progress);
    if (found === null) return anew();
    if (!resume) throw cutOff(target, found.rows);
    if (found.command !== command) throw otherCommand(progress);
    const { rows, input, output } = found;
    const hash = await digestOf(partial, output.bytes);
    if (hash.copy().digest('hex') !== output.sha256) throw damaged(partial);
    return new ResumableFile(options, { rows, input }, output.bytes, hash, lock);
  }

  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    try {
      this.file ??= await this.opened();
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done, this.bytes + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw this.failed(error);
    }
    this.bytes += bytes.length;
    this.hash.update(bytes);
  }

  async reached({ rows, input }: PredictionPlace): Promise<void> {
    const output = { bytes: this.bytes, sha256: this.hash.copy().digest('hex') };
    const progress: Progress = { version: 1, command: this.options.command, rows, input, output };
    try {
      await this.file?.sync();
      await writeDurably(this.progress, `${JSON.stringify(progress)}\n`);
    } catch (error) {
      throw this.failed(error);
    }
    this.kept = rows;
  }

  async finish(): Promise<void> {
    const { target, force } = this.options;
    try {
      this.file ??= await this.opened();
      const { size } = await this.file.stat();
      // Should something else have written the same name meanwhile.
      if (size !== this.bytes) throw damaged(this.partial);
      await this.file.sync();
      await this.close();
      if (!force && (await exists(target))) throw present(target);
      await rename(this.partial, target);
      await flushFolder(dirname(target));
      await rm(this.progress, { force: true });
    } catch (error) {
      throw this.failed(error);
    }
    await this.lock.release();
  }

  async abandon(): Promise<number> {
    const began = this.file !== null;
    await this.close();
    if (began && this.kept === 0) await rm(this.partial, { force: true });
    await this.lock.release();
    return this.kept;
  }

  private async opened(): Promise<FileHandle> {
    await makeFolder(dirname(this.partial));
    // What stands behind the last place was cut off in the middle.
    const file = await open(this.partial, this.from === null ? 'w' : 'r+');
    await file.truncate(this.bytes);
    if (this.from === null) await rm(this.progress, { force: true });
    return file;
  }

  private async close(): Promise<void> {
    await this.file?.close();
    this.file = null;
  }

  private failed(error: unknown): unknown {
    return storageFault(error, this.partial, 'writing the predictions', '--resume goes on then');
  }
}

function namesOf(target: string): Readonly<Record<'partial' | 'progress' | 'lock', string>> {
  return { partial: `${target}.partial`, progress: `${target}.progress`, lock: `${target}.lock` };
}

/** Removes what commands that were killed left half-written beside a file. */
async function sweepBeside(target: string): Promise<void> {
  const folder = dirname(target);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(`${basename(target)}.`))) {
    const path = join(folder, name);
    if (await isAbandoned(path)) await rm(path, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** Larger ones are none of ours. */
const mostBytes = 64 * 1024;

async function readProgress(path: string): Promise<Progress | null> {
  try {
    const { size } = await stat(path);
    const read: unknown = size > mostBytes ? null : JSON.parse(await readFile(path, 'utf8'));
    const parsed = progressSchema.safeParse(read);
    if (parsed.success) return parsed.data;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    if (!(error instanceof SyntaxError)) throw storageFault(error, path, 'reading it');
  }
  throw new InputFault({
    where: path,
    what: 'this does not say how far a prediction is',
    remedy: 'Move it away, or begin anew with --force and without --resume.',
  });
}

/** Of the first bytes of a file, as far as it has them. */
async function digestOf(path: string, bytes: number): Promise<Hash> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path, { end: bytes - 1 })) hash.update(piece as Buffer);
    return hash;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw damaged(path);
    throw storageFault(error, path, 'reading it');
  }
}

function present(target: string): InputFault {
  return new InputFault({
    where: target,
    what: 'there is a file of this name already',
    remedy: 'Name another one by --output, or overwrite it with --force.',
  });
}

function beingWritten(target: string): InputFault {
  return new InputFault({
    where: target,
    what: 'another command is writing this file',
    remedy: 'Wait for its end, or name another file by --output.',
  });
}

function cutOff(target: string, rows: number): InputFault {
  return new InputFault({
    where: target,
    what: 'its prediction was cut off',
    found: `${rows} rows that are done`,
    remedy: 'Go on with --resume, or begin anew with --force.',
  });
}

function otherCommand(progress: string): InputFault {
  return new InputFault({
    where: progress,
    what: 'what was cut off is not what is to go on',
    found: 'another ensemble, other options, another device, another number of processors or another version',
    expected: 'the same command',
    remedy: 'Give the same command, or begin anew with --force and without --resume.',
  });
}

function damaged(partial: string): EnvironmentFault {
  return new EnvironmentFault({
    where: partial,
    what: 'this is not what was written',
    found: 'other bytes, or fewer',
    remedy: 'Begin anew with --force and without --resume.',
  });
}
