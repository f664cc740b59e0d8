import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of half a megabyte in memory: small enough to be filled, and mounted anew as read-only. */
export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'foldwise-disk-'));
  private readonly filler = join(this.folder, 'filler');

  constructor() {
    mount('-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', this.folder);
  }

  /** Leaves not a byte. */
  fill(): void {
    const file = openSync(this.filler, 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.filler);
  }

  protect(): void {
    mount('-o', 'remount,ro', this.folder);
  }

  release(): void {
    mount('-o', 'remount,rw', this.folder);
  }

  /** Every file but the filler, by path within the disk. */
  files(): string[] {
    const entries = readdirSync(this.folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    return files
      .filter((path) => path !== this.filler)
      .map((path) => path.slice(this.folder.length + 1))
      .toSorted();
  }

  remove(): void {
    execFileSync('umount', [this.folder], { stdio: 'pipe' });
    rmSync(this.folder, { recursive: true });
  }
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}

/** Whether this user may mount one. */
export const mountable = ((): boolean => {
  try {
    new SmallDisk().remove();
    return true;
  } catch {
    return false;
  }
})();
