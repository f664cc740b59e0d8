import { performance } from 'node:perf_hooks';
import type { Device } from '../../../engine/device/device.js';
import { launchesOf } from '../../../engine/device/launches.js';
import type { Session } from '../../../engine/runtime/runtime.js';

/** What a device was seen to do, and for how many seconds. */
export interface Watch {
  /** In making sessions. */
  compiling: number;
  /** Not seconds: kernels that runs started, at least one for each node. */
  launches: number;
  /** Of the host, for what it asked the device for. */
  waiting: number;
  /** With nothing to do: from when the host had waited for all until it had given the next run. */
  empty: number;
}

/** The same device, and what is seen of it from outside: runs that are given, and downloads, which wait for them. */
export function watched(device: Device): { readonly device: Device; readonly watch: Watch } {
  const watch: Watch = { compiling: 0, launches: 0, waiting: 0, empty: 0 };
  let [given, asked, waitingSince] = [0, 0, 0];
  let emptySince: number | null = null;
  const seconds = (since: number): number => (performance.now() - since) / 1000;
  const run = (session: Session): Session['run'] =>
    async function (feeds, fetches) {
      given++;
      watch.launches += launchesOf(session.nodes);
      const results = await session.run(feeds, fetches);
      if (emptySince !== null) watch.empty += seconds(emptySince);
      emptySince = null;
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
    download: async (from) => {
      const [start, before] = [performance.now(), given];
      // Another one had not waited for all: this one waits for the rest.
      emptySince = null;
      if (asked++ === 0) waitingSince = start;
      const data = await device.download(from);
      if (--asked > 0) return data;
      watch.waiting += seconds(waitingSince);
      // What was given meanwhile is still to be done.
      if (given === before) emptySince = performance.now();
      return data;
    },
  };
  return { device: Object.assign(Object.create(device) as Device, seen), watch };
}
