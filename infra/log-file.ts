import { closeSync, copyFileSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';

/** A log that is longer becomes `<name>.1`, in place of the one before it. */
const longest = 4 * 2 ** 20;

/**
 * Keeps a log that others append to within its bounds. Copied and cut rather than renamed: whoever has it
 * open goes on writing into it.
 */
export function rotate(path: string, bytes = longest): void {
  try {
    if (statSync(path).size < bytes) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  } catch {
    // Not there, or a full disk: the next time may do.
  }
}

/** A log that several processes may append to. What cannot be written is lost, and ends nothing. */
export class LogFile {
  private file: number | undefined;
  private unchecked = 0;

  constructor(
    readonly path: string,
    private readonly bytes = longest,
  ) {}

  /** Appends whole lines. */
  write(lines: string): void {
    try {
      if (this.file === undefined) {
        rotate(this.path, this.bytes);
        this.file = openSync(this.path, 'a');
      }
      this.unchecked += writeSync(this.file, lines);
      if (this.unchecked < this.bytes / 16) return;
      this.unchecked = 0;
      rotate(this.path, this.bytes);
    } catch {
      // A full disk may be emptied, a folder that went away come back.
      this.close();
    }
  }

  close(): void {
    const file = this.file;
    this.file = undefined;
    if (file === undefined) return;
    try {
      closeSync(file);
    } catch {
      // Nothing is left to be done.
    }
  }
}
