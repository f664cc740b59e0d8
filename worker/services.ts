import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AcceptedRuns } from '../activities/admission.js';
import { defaultRoots, requireRoots } from '../activities/roots.js';
import type { Services } from '../activities/services.js';
import { engineSignature } from '../engine/training/signature.js';
import type { OutputListener } from './child-process.js';
import { DevicePool } from './devices/pool.js';
import { theProcessor, type UsableDevice } from './devices/probe.js';
import { signatureOn } from './devices/usable.js';
import { EngineProcess } from './engine-process.js';
import { thisMachine } from './machine.js';
import { MeasuredObjectStore } from './metrics/measured-object-store.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';
import { sharesOf } from './shares.js';
import { openState } from './state.js';
import type { Around } from './store-place.js';
import { openTableFiles } from './table-files.js';
import { TablesProcess } from './tables-process.js';
import { TrainerProcess } from './trainer-process.js';
import { componentVersions } from './versions.js';

export interface ServicesOptions {
  /** Everything that a run writes goes below it. */
  readonly workdir: string;
  /** What runs may read, see `requireRoots`; null trusts whoever starts them. Default: `defaultRoots`. */
  readonly roots?: readonly string[] | null;
  /** What folds train on. Default: the processor. */
  readonly usable?: readonly UsableDevice[];
  /** Whether folds are taken up. Default true. */
  readonly trains?: boolean;
  /** Intra-op threads per fold. Default: the processors divided by the slots. */
  readonly threads?: number;
  /** Folds trained at once. Default: as the machine and its devices allow (see `sharesOf`). */
  readonly slots?: number;
  /** The runs that are worked for. Default: everybody's. */
  readonly accepts?: AcceptedRuns;
  readonly searchAttributes: boolean;
  /** Whether payloads are. Default false. */
  readonly encrypted?: boolean;
  /** Told each line that child processes print, and how downloads go; by default that goes to stderr. */
  readonly onOutput?: OutputListener;
  /** Told of the calls of the store. Default: nobody is. */
  readonly metrics?: WorkerMetrics;
}

/** What a worker's activities work with: folders of the workdir, and the engine in child processes. */
export function createServices(options: ServicesOptions): Services {
  const {
    workdir,
    roots: given = defaultRoots(workdir),
    searchAttributes,
    onOutput,
    metrics,
    trains = true,
  } = options;
  const { usable = [theProcessor] } = options;
  const roots = given === null ? null : requireRoots(given);
  const versions = componentVersions();
  const { slots, threads, places } = sharesOf({ ...options, devices: usable.map(({ name }) => name) });
  const print = onOutput ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const engine = openEngine(workdir, print, print);
  const measured: Around = (objects) =>
    metrics === undefined ? objects : new MeasuredObjectStore(objects, metrics);
  return {
    ...openState(workdir, measured),
    trainer: new TrainerProcess({ script: script('trainer-child'), onOutput }),
    predictor: engine,
    models: engine,
    tables: new TablesProcess(script('tables-child'), onOutput),
    tableFiles: openTableFiles(workdir, roots, measured),
    slots,
    threads,
    machineBytes: thisMachine().bytes,
    devices: new DevicePool(places),
    trains,
    engineSignature: (threads, device) => engineSignature(signatureOn(usable, device, threads)),
    versions,
    roots,
    accepts: options.accepts ?? null,
    searchAttributes,
    encrypted: options.encrypted ?? false,
  };
}

/** The engine's child process, for one answer at a time. */
export function openEngine(
  workdir: string,
  onLine?: OutputListener,
  onOutput?: OutputListener,
): EngineProcess {
  return new EngineProcess(script('engine-child'), join(workdir, '.foldwise'), onLine, onOutput);
}

function script(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}
