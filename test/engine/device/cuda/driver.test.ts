import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDriver } from '../../../../engine/device/cuda/driver.js';
import { loadLibraries, neededLibraries } from '../../../../engine/device/cuda/libraries.js';
import { EnvironmentFault } from '../../../../errors/fault.js';
import {
  compileFakeCard,
  fakeLibrary,
  noCompiler,
  type FakeCardOptions,
} from '../../../setup/fake-card/fake-card.js';

const root = mkdtempSync(join(tmpdir(), 'foldwise-driver-'));
afterAll(() => rmSync(root, { recursive: true }));

function driverOf(options: FakeCardOptions) {
  const folder = compileFakeCard(mkdtempSync(join(root, 'driver-')), { libraries: ['cuda'], ...options });
  return { driver: fakeLibrary(folder, 'cuda'), management: join(root, 'none') };
}

const told = noCompiler === null ? '' : ` (skipped: ${noCompiler})`;

describe('a driver that is not there', () => {
  it('is told, with the file that is missing and what to do', () => {
    const open = () => openDriver({ driver: 'libnone.so.1', management: 'none' });
    expect(open).toThrow(EnvironmentFault);
    expect(open).toThrow(
      /^NVIDIA's driver: there is none on this machine, or not for this process; found cannot open shared object file: .*; expected libnone\.so\.1\. Install a driver of release 580/,
    );
  });
});

describe.skipIf(noCompiler !== null)(`a driver${told}`, () => {
  it('tells its cards', () => {
    const { cuda, cards } = openDriver(driverOf({ cards: 2 }));
    expect(cuda).toBe('13.0');
    expect(cards).toEqual(
      [0, 1].map(() => ({
        name: 'A card of tests',
        id: null,
        driver: 'driver of CUDA 13.0',
        memoryBytes: 2 ** 30,
        isSoftware: false,
        capability: '9.0',
      })),
    );
  });

  it('tells its release where what manages cards is there', () => {
    const folder = compileFakeCard(mkdtempSync(join(root, 'release-')), {
      libraries: ['cuda', 'management'],
    });
    const names = { driver: fakeLibrary(folder, 'cuda'), management: fakeLibrary(folder, 'management') };
    expect(openDriver(names).cards.map(({ driver }) => driver)).toEqual(['driver 580.1']);
  });

  it('that lacks what is asked of it is told', () => {
    const folder = compileFakeCard(mkdtempSync(join(root, 'other-')), { libraries: ['curand'] });
    const open = () => openDriver({ driver: fakeLibrary(folder, 'curand'), management: 'none' });
    expect(open).toThrow(/^NVIDIA's driver: its library lacks a function; found .*cuInit.* Install a driver/);
  });

  it('may have no card', () => {
    expect(openDriver(driverOf({ cards: 0 })).cards).toEqual([]);
  });

  it('that is too old for CUDA 13 is told', () => {
    expect(() => openDriver(driverOf({ driver: 12_080 }))).toThrow(
      "NVIDIA's driver: it is too old for the provider; found one that serves CUDA 12.8 at most; expected one that serves CUDA 13.0. Install a driver of release 580 or later",
    );
  });
});

describe.skipIf(noCompiler !== null)(`the libraries of CUDA${told}`, () => {
  it('that are missing are told together, with the wheels that have them', () => {
    const folder = compileFakeCard(mkdtempSync(join(root, 'some-')), { libraries: ['cudart', 'curand'] });
    const needed = neededLibraries('linux').map((library) =>
      /cudart|curand/.test(library.file) ? library : { ...library, file: `${library.file}.absent` },
    );
    expect(() => loadLibraries(needed, [folder])).toThrow(
      /^CUDA 13: libcublasLt\.so\.13\.absent, libcublas\.so\.13\.absent, libcudnn\.so\.9\.absent cannot be loaded; found cannot open .*\. Install CUDA 13 and cuDNN 9 .*wheels nvidia-cublas, nvidia-cudnn-cu13 /,
    );
  });

  it('tell the versions of what computes', () => {
    const folder = compileFakeCard(mkdtempSync(join(root, 'all-')));
    expect(loadLibraries(neededLibraries('linux'), [folder])).toEqual([
      expect.stringMatching(/^cuBLAS \d{6}$/),
      expect.stringMatching(/^cuDNN \d{5}$/),
    ]);
  });
});
