import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const libraries = ['x86_64', 'aarch64'].map(
  (arch) => `/usr/lib/${arch}-linux-gnu/faketime/libfaketimeMT.so.1`,
);

/** libfaketime for programs of many threads; null where it is not installed. */
export function findFaketime(): string | null {
  return libraries.find((path) => existsSync(path)) ?? null;
}

/**
 * A host's clock, which can be set while its programs run. What measures elapsed time is left alone, as
 * when a real clock is set. Children that are started with few variables keep the true time.
 */
export class Clock {
  private readonly path: string;
  skewHours = 0;

  constructor(
    folder: string,
    name: string,
    private readonly library: string,
  ) {
    this.path = join(folder, `clock-${name}`);
    this.set(0);
  }

  set(hours: number): void {
    this.skewHours = hours;
    // Read again every second: never half written.
    writeFileSync(`${this.path}.new`, `${hours < 0 ? '-' : '+'}${Math.abs(hours) * 3600}s\n`);
    renameSync(`${this.path}.new`, this.path);
  }

  get environment(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.path,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}
