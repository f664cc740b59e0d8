import { EnvironmentFault } from '../../errors/fault.js';
import { HubContradiction, HubMisbehaved, HubStatus } from './hub-faults.js';
import type { HubRepository } from './hub-repository.js';
import type { PartialFile } from './partial-file.js';

/** A file as the hub lists it. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
  /** What the hub names the file by and its bytes must have, where it gives one. */
  readonly digest?: FileDigest;
}

/** The hash of a file, in hexadecimal: of a large one SHA-256, of others git's own, which is SHA-1. */
export interface FileDigest {
  readonly algorithm: 'sha256' | 'git';
  readonly hex: string;
}

/** Other bytes came than were announced. */
class Damaged extends EnvironmentFault {}

/**
 * Makes a partial file whole, from where it ends. What is joined from parts and turns out wrong is fetched
 * once more from its beginning: either part may have been the wrong one.
 *
 * @param onBytes told how many there are @throws a fault for bytes other than announced, of which nothing is kept
 */
export async function download(
  hub: HubRepository,
  commit: string,
  file: RemoteFile,
  partial: PartialFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const receiver = new Receiver(hub, commit, file, partial, onBytes);
  for (const last of [false, true]) {
    try {
      return await receiver.receive();
    } catch (error) {
      if (!isOfNoUse(error)) throw error;
      await partial.empty();
      if (last || !receiver.joined) throw error;
    }
  }
}

/** Whether an error says that what is here can never be a part of the file. */
function isOfNoUse(error: unknown): boolean {
  if (error instanceof HubStatus) return error.status === 416;
  return error instanceof HubContradiction || error instanceof Damaged;
}

class Receiver {
  /** Whether there was something that what came was to be added to. */
  joined = false;
  /** For all attempts together. */
  private readonly until: number;

  constructor(
    private readonly hub: HubRepository,
    private readonly commit: string,
    private readonly file: RemoteFile,
    private readonly partial: PartialFile,
    private readonly onBytes: (bytes: number) => void,
  ) {
    this.until = performance.now() + hub.patienceMs(file.size);
  }

  async receive(): Promise<void> {
    const { partial, file } = this;
    let before = partial.bytes;
    const progressed = (): boolean => {
      const further = partial.bytes > before;
      before = partial.bytes;
      return further;
    };
    await this.hub.patiently(() => this.attempt(), progressed);
    await this.check();
    this.onBytes(file.size);
  }

  private async attempt(): Promise<void> {
    const { partial, file } = this;
    const digest = file.digest?.hex;
    // Without a hash nothing would tell that the parts belong together.
    if (partial.bytes > file.size || digest === undefined) await partial.empty();
    if (partial.bytes > 0) this.joined = true;
    if (partial.bytes === file.size && file.size > 0) return;
    const withinMs = this.until - performance.now();
    if (withinMs <= 0) throw new HubMisbehaved('a file drop by drop');
    const wanted = { bytes: file.size, digest, from: partial.bytes, withinMs };
    const { from, body } = await this.hub.open(file.path, this.commit, wanted);
    if (from === 0) await partial.empty();
    for await (const piece of body) {
      if (partial.bytes + piece.length > file.size) throw this.damaged(`${file.size} bytes`, 'more');
      await partial.append(piece);
      this.onBytes(partial.bytes);
    }
    if (partial.bytes < file.size) throw this.damaged(`${file.size} bytes`, `${partial.bytes}`);
  }

  private async check(): Promise<void> {
    const { digest, size } = this.file;
    if (digest === undefined) return;
    const { partial } = this;
    const found =
      digest.algorithm === 'git'
        ? await partial.hash('sha1', `blob ${size}\0`)
        : await partial.hash('sha256');
    if (found !== digest.hex) throw this.damaged(`hash ${digest.hex}`, found);
  }

  private damaged(expected: string, found: string): Damaged {
    return new Damaged({
      where: this.file.path,
      what: 'the hub sent something else than it announced',
      expected,
      found,
      remedy: 'Run again to download it again.',
    });
  }
}
