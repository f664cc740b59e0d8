import { describe, expect, it } from 'vitest';
import { downloadBar } from '../../cli/terminal/download-bar.js';
import { DownloadPace, downloadLines } from '../../worker/download-progress.js';

describe('how fast a download is', () => {
  it('is judged by the last ten seconds, anew for each file', () => {
    let now = 0;
    const pace = new DownloadPace('owner/model', () => now);
    const speed = (at: number, bytes: number, file = 'a'): number | null => {
      now = at;
      return pace.view({ file, bytes, total: 1e9 }).bytesPerSecond;
    };
    expect(speed(0, 500)).toBeNull();
    expect(speed(1_000, 2_500)).toBe(2_000);
    expect(speed(20_000, 2_500)).toBeNull();
    expect(speed(21_000, 3_500)).toBe(1_000);
    expect(speed(22_000, 0)).toBeNull();
    expect(speed(23_000, 9, 'b')).toBeNull();
  });
});

describe('a download where nothing can be redrawn', () => {
  it('is told as each file begins, and now and then while it lasts', () => {
    let now = 0;
    const lines: string[] = [];
    const tell = downloadLines(
      (line) => lines.push(line),
      () => now,
    );
    const pace = new DownloadPace('owner/model', () => now);
    const at = (ms: number, file: string, bytes: number, total: number): void => {
      now = ms;
      tell(pace.view({ file, bytes, total }));
    };
    at(0, 'config.json', 0, 800);
    at(10, 'config.json', 800, 800);
    at(20, 'model.safetensors', 500_000_000, 2_000_000_000);
    for (let second = 1; second < 32; second++) {
      at(20 + second * 1_000, 'model.safetensors', 500_000_000 + second * 20_000_000, 2_000_000_000);
    }
    expect(lines).toEqual([
      'Downloading config.json of owner/model (800 bytes).',
      'Downloading model.safetensors of owner/model (2.00 GB, of which 500 MB are here already).',
      'model.safetensors: 800 MB of 2.00 GB, 40 %, 20 MB/s, 1 min 00 s left',
      'model.safetensors: 1.10 GB of 2.00 GB, 55 %, 20 MB/s, 45 s left',
    ]);
  });
});

describe('a download on a terminal', () => {
  const view = { checkpoint: 'owner/model', file: 'model.safetensors', bytes: 5e8, total: 2e9 };

  it('is a bar with share, size, speed and time left', () => {
    expect(downloadBar({ ...view, bytesPerSecond: 25e6 }, 110, false)).toBe(
      'Downloading model.safetensors ██████░░░░░░░░░░░░░░░░░░ 25 %  500 MB of 2.00 GB  25 MB/s  1 min 00 s left',
    );
  });

  it.each([40, 60, 80, 200])('takes no more than %i columns', (width) => {
    for (const bytesPerSecond of [null, 25e6]) {
      expect([...downloadBar({ ...view, bytesPerSecond }, width, false)].length).toBeLessThanOrEqual(width);
    }
  });

  it('of an empty file is full', () => {
    expect(downloadBar({ ...view, bytes: 0, total: 0, bytesPerSecond: null }, 80, false)).toContain('100 %');
  });
});
