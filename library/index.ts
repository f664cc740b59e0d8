/** The entry point `foldwise`: prediction in this process. It loads neither Temporal nor the trainer. */
export { loadEnsemble } from './load-ensemble.js';
export type {
  DeviceSetting,
  LoadedEnsemble,
  Precision,
  LoadOptions,
  PredictOptions,
  Prediction,
  TaskName,
} from './load-ensemble.js';
export { EnvironmentFault, Fault, InputFault, type FaultDetails } from '../errors/fault.js';
