import { fileURLToPath } from 'node:url';
import { storedEnsembleIn } from '../activities/stored-ensemble.js';
import { automatic, oneDevice, parseDevices } from '../engine/device/choice.js';
import { processor, type DeviceName } from '../engine/device/device.js';
import { precisions, requireKernels, type Precision } from '../engine/inference/precision.js';
import { Ensemble } from '../ensemble/ensemble.js';
import type { Scored } from '../ensemble/joined.js';
import { inInt8 } from '../ensemble/in-int8.js';
import { withThresholds } from '../ensemble/other-thresholds.js';
import { InputFault } from '../errors/fault.js';
import type { TaskName } from '../tasks/task.js';
import { thisMachine } from '../worker/machine.js';
import {
  requireKnown,
  requireOneOf,
  requireShares,
  requireText,
  requireTexts,
  requireThreads,
} from './arguments.js';

export type { Precision, TaskName };

/** What a device is asked for by. */
export type DeviceSetting = 'auto' | 'cpu' | 'webgpu' | 'cuda' | `cuda:${number}`;

export interface LoadOptions {
  /** Of each product of matrices. Default: the processors of this machine, or of its container. */
  readonly threads?: number;
  /** By label, from 0 to 1, in place of those that the run has tuned; only where a text has any number of labels. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /**
   * What the models' products are computed in. Default float32. An ensemble can be run in int8 where it was exported
   * with it: what that loses has then been measured, and is no more than was allowed.
   */
  readonly precision?: Precision;
  /**
   * What the models compute on, and where their weights lie: `cpu` (default), `webgpu`, `cuda`, `cuda:1` …, or `auto`,
   * the first card that a worker would take. Another one never takes the place of one that does not start.
   */
  readonly device?: DeviceSetting;
}

export interface PredictOptions {
  /** Once aborted, the call rejects with its reason, and no further model is asked. */
  readonly signal?: AbortSignal;
}

/** What the ensemble says of a text. */
export interface Prediction {
  /** Of each label, calibrated where the run has calibrated; of classes they sum to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** The labels that apply, in the order of the ensemble's; where a text has one class exactly that one. */
  readonly labels: readonly string[];
}

/** An ensemble with its models in memory. */
export interface LoadedEnsemble extends AsyncDisposable {
  /** What it computes on: `cpu`, `webgpu`, `cuda:0` … */
  readonly device: string;
  readonly task: TaskName;
  readonly labels: readonly string[];
  /** By label: what its probability must reach; where a text has one class, the offset of its logarithm. */
  readonly thresholds: Readonly<Record<string, number>>;
  /**
   * Scores texts as the run did its own: cut or read in windows alike, calibrated and decided alike. Calls that overlap
   * are answered one after the other. What is scored together decides the last bits of a probability.
   *
   * @returns one prediction for each text, in the order given; none for none
   * @throws TypeError unless it is given an array of strings; InputFault for a text above 16 Mi characters, and once
   *   the ensemble is closed
   */
  predict(texts: readonly string[], options?: PredictOptions): Promise<Prediction[]>;
  /** Gives the memory back, once what was asked has been answered. Closing twice is no fault. */
  close(): Promise<void>;
}

/**
 * Opens the ensemble in a folder, to predict in this process: a fault of native code, which only a damaged or hostile
 * model can cause, ends the process.
 *
 * @param folder the directory of a completed run, or an exported folder
 * @throws InputFault for a folder that holds no ensemble, or one that was damaged, and for int8 on a card;
 *   EnvironmentFault where a device does not start, or has no memory for the models; TypeError for other arguments
 */
export async function loadEnsemble(folder: string | URL, options: LoadOptions = {}): Promise<LoadedEnsemble> {
  const path = folder instanceof URL ? fileURLToPath(folder) : folder;
  requireText('loadEnsemble: folder', path);
  requireKnown('loadEnsemble: options', options, ['threads', 'thresholds', 'precision', 'device']);
  const { threads = thisMachine().processors, thresholds = {}, precision = 'float32' } = options;
  requireThreads('loadEnsemble: options.threads', threads);
  const where = 'loadEnsemble: options.thresholds';
  requireShares(where, thresholds);
  requireOneOf('loadEnsemble: options.precision', precision, precisions);
  const device = await deviceOf(options.device, precision);
  const stored = await storedEnsembleIn(path);
  const definition = precision === 'int8' ? inInt8(stored, path) : stored.definition;
  const decided =
    Object.keys(thresholds).length === 0
      ? definition
      : withThresholds(definition, { byLabel: thresholds }, where);
  return new Loaded(await Ensemble.open(decided, { threads, device }), device);
}

/** One that is named is started by who opens the models; only what is left open has to be found first. */
async function deviceOf(asked: string = processor, precision: Precision): Promise<DeviceName> {
  const where = 'loadEnsemble: options.device';
  requireText(where, asked);
  const device = oneDevice(parseDevices(asked, where), where);
  if (device === automatic) {
    const { scoringDevice } = await import('../worker/devices/scoring.js');
    return (await scoringDevice(device, precision)).name;
  }
  requireKernels(precision, device);
  return device;
}

/** Scored at once; then calls that came meanwhile have their turn. */
const textsAtOnce = 4096;

class Loaded implements LoadedEnsemble {
  readonly task: TaskName;
  readonly labels: readonly string[];
  readonly thresholds: Readonly<Record<string, number>>;
  private readonly asked = new Set<Promise<unknown>>();
  private closed: Promise<void> | undefined;

  constructor(
    private readonly ensemble: Ensemble,
    readonly device: string,
  ) {
    const { task, labels, thresholds } = ensemble.definition;
    this.task = task;
    this.labels = Object.freeze([...labels]);
    this.thresholds = Object.freeze(byLabel(labels, thresholds));
  }

  async predict(texts: readonly string[], options: PredictOptions = {}): Promise<Prediction[]> {
    requireTexts('predict: texts', texts);
    requireKnown('predict: options', options, ['signal']);
    if (this.closed !== undefined) {
      throw new InputFault({
        where: 'predict',
        what: 'the ensemble is closed',
        remedy: 'Close it after the last call.',
      });
    }
    // Whoever asked may change the list meanwhile.
    const answer = this.predictions([...texts], options);
    this.asked.add(answer);
    return answer.finally(() => this.asked.delete(answer));
  }

  private async predictions(texts: readonly string[], options: PredictOptions): Promise<Prediction[]> {
    const predictions: Prediction[] = [];
    for (let first = 0; first < texts.length; first += textsAtOnce) {
      const some = texts.slice(first, first + textsAtOnce);
      predictions.push(...predictionsOf(this.labels, await this.ensemble.score(some, options)));
    }
    return predictions;
  }

  close(): Promise<void> {
    this.closed ??= Promise.allSettled(this.asked).then(() => this.ensemble.release());
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function predictionsOf(labels: readonly string[], { probabilities, decisions }: Scored): Prediction[] {
  const width = labels.length;
  return Array.from({ length: decisions.length / width }, (_, text) => {
    const first = text * width;
    return {
      probabilities: byLabel(labels, probabilities.subarray(first, first + width)),
      labels: labels.filter((_, place) => decisions[first + place] === 1),
    };
  });
}

function byLabel(labels: readonly string[], values: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(labels.map((label, place) => [label, values[place]!]));
}
