import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AcceptedRuns } from '../activities/admission.js';
import type { Services } from '../activities/services.js';
import { engineSignature } from '../engine/training/signature.js';
import { Artifacts } from '../store/artifacts.js';
import { CheckpointShelf } from '../store/checkpoints.js';
import { KeyIndex } from '../store/keys.js';
import { FolderFiles } from '../store/local-files.js';
import { FolderObjects } from '../store/objects/folder-objects.js';
import { PatientStore } from '../store/patient-store.js';
import { isSealed } from '../store/sealed-json.js';
import type { OutputListener } from './child-process.js';
import { EngineProcess } from './engine-process.js';
import { thisMachine } from './machine.js';
import { sharesOf } from './shares.js';
import { TablesProcess } from './tables-process.js';
import { TrainerProcess } from './trainer-process.js';
import { componentVersions } from './versions.js';

export interface ServicesOptions {
  /** Everything that a run writes goes below it. */
  readonly workdir: string;
  /** Folders that runs may read; null trusts whoever starts them. Default: the workdir and the current folder. */
  readonly roots?: readonly string[] | null;
  /** Intra-op threads per fold. Default: the processors divided by the slots. */
  readonly threads?: number;
  /** Folds trained at once. Default: as the machine allows (see `sharesOf`). */
  readonly slots?: number;
  /** The runs that are worked for. Default: everybody's. */
  readonly accepts?: AcceptedRuns;
  readonly searchAttributes: boolean;
  /** Whether payloads are. Default false. */
  readonly encrypted?: boolean;
  /** Told each line that child processes print, and how downloads go; by default that goes to stderr. */
  readonly onOutput?: OutputListener;
}

/** The state of one workdir: artifacts, keys and checkpoints, as every command finds them. */
export function openState(
  workdir: string,
): Pick<Services, 'store' | 'keys' | 'checkpoints' | 'runsDirectory' | 'scoresDirectory' | 'scratch'> {
  const objects = new FolderObjects(join(workdir, '.foldwise'), { isSound: isSealed });
  const files = new FolderFiles(objects);
  const scratch = join(workdir, '.foldwise', 'scratch');
  const store = new PatientStore(new Artifacts(objects, files));
  return {
    store,
    keys: new KeyIndex(objects, store),
    checkpoints: new CheckpointShelf({ objects, files, scratch }),
    runsDirectory: join(workdir, 'runs'),
    scoresDirectory: join(workdir, 'scores'),
    scratch,
  };
}

/** What a worker's activities work with: folders of the workdir, and the engine in child processes. */
export function createServices(options: ServicesOptions): Services {
  const { workdir, roots = [workdir, process.cwd()], searchAttributes, onOutput } = options;
  const versions = componentVersions();
  const print = onOutput ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const engine = openEngine(workdir, print, print);
  return {
    ...openState(workdir),
    trainer: new TrainerProcess({ script: script('trainer-child'), onOutput }),
    predictor: engine,
    models: engine,
    tables: new TablesProcess(script('tables-child'), onOutput),
    ...sharesOf(options),
    machineBytes: thisMachine().bytes,
    device: 'cpu',
    engineSignature: (threads) => engineSignature(versions.onnxruntime, threads),
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
