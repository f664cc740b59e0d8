import { performance } from 'node:perf_hooks';
import { kindOfDevice, type Device } from '../../../engine/device/device.js';
import { launchesOf } from '../../../engine/device/launches.js';
import type { Session } from '../../../engine/runtime/runtime.js';

/** What a device was seen to do, and for how many seconds. */
export interface Watch {
  /** In making sessions. */
  compiling: number;
  /** Not seconds: kernels that were started, at least one for each node of a run. */
  readonly launches: number;
  /** Of the host, for what it asked the device for; where runs end with the device, for those as well. */
  waiting: number;
  /** With nothing to do: from when the host had waited for all until it gave the next run. */
  empty: number;
}

export interface WatchedDevice {
  /** The same device. */
  readonly device: Device;
  readonly watch: Readonly<Watch>;
  /** From now on it is to have something to do: until now nobody had anything for it. @returns what was seen so far */
  readonly begin: () => Watch;
}

/**
 * What is seen of a device from outside: runs that are given, and downloads, which wait for them.
 *
 * ONNX Runtime ends a run on CUDA when the card has ended, and does not tell for how long it had only given: all of the
 * run is waiting there. On WebGPU a run ends when all is given.
 */
export function watched(device: Device): WatchedDevice {
  let ofRuns = 0;
  const watch: Watch = {
    compiling: 0,
    get launches() {
      return ofRuns + device.kernelLaunches;
    },
    waiting: 0,
    empty: 0,
  };
  const runsWait = kindOfDevice(device.name) === 'cuda';
  let [given, asked, waitingSince] = [0, 0, 0];
  let emptySince: number | null = null;
  const seconds = (since: number): number => (performance.now() - since) / 1000;
  const filled = (): void => {
    if (emptySince !== null) watch.empty += seconds(emptySince);
    emptySince = null;
  };
  const waitingFor = async <T>(work: () => Promise<T>): Promise<T> => {
    if (asked++ === 0) waitingSince = performance.now();
    const before = given;
    const result = await work();
    if (--asked > 0) return result;
    watch.waiting += seconds(waitingSince);
    // What was given meanwhile is still to be done.
    if (runsWait || given === before) emptySince = performance.now();
    return result;
  };
  const run = (session: Session): Session['run'] =>
    async function (feeds, fetches) {
      given++;
      ofRuns += launchesOf(session.nodes);
      if (runsWait) {
        filled();
        return waitingFor(() => session.run(feeds, fetches));
      }
      const results = await session.run(feeds, fetches);
      filled();
      return results;
    };
  const seen: Pick<Device, 'compile' | 'download'> = {
    compile: async (program, options) => {
      const start = performance.now();
      const session = await device.compile(program, options);
      watch.compiling += seconds(start);
      const release = (): void => session.release();
      return Object.assign(Object.create(session) as Session, { run: run(session), release });
    },
    download: (from) => {
      // Another one had not waited for all: this one waits for the rest.
      if (!runsWait) emptySince = null;
      return waitingFor(() => device.download(from));
    },
  };
  const begin = (): Watch => {
    if (emptySince !== null) emptySince = performance.now();
    return { ...watch };
  };
  return { device: Object.assign(Object.create(device) as Device, seen), watch, begin };
}
