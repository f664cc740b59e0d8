import type { Classifier } from '../models/family.js';
import type { Depth, Initial, Role } from '../nn/scope.js';
import { inferenceGraph } from './graphs.js';

export interface ParameterSpec {
  readonly depth: Depth;
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: Role;
  readonly initial: Initial;
}

/** The parameters as a checkpoint holds them, the word embedding whole. */
export function parametersOf(classifier: Classifier): readonly ParameterSpec[] {
  return inferenceGraph(classifier, { groups: 1, vocabulary: classifier.vocabulary }).parameters;
}
