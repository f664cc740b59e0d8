import { groupSizes } from '../batches/batch-sizes.js';
import type { Device } from '../device/device.js';
import { processor } from '../device/device.js';
import { gigabytes } from '../device/gigabytes.js';
import { activationsOn, expectedOfCard, leastOfCard, type CardName } from '../device/resident/memory.js';
import { InputFault } from '../../errors/fault.js';
import type { Classifier } from '../models/family.js';
import type { ComputePrecision } from '../precision/precision.js';
import { elementCount } from '../runtime/elements.js';
import { fewerTokens } from './batch-tokens.js';
import { fewShapes } from './batch-shapes.js';
import { inferenceGraph } from './graphs.js';
import { pooledInput, sequencesOf } from './reading.js';

/** A model that is scored on a card, as far as memory goes. */
export interface ScoredModel {
  /** Of texts in windows where they are read so. */
  readonly classifier: Classifier;
  /** Tokens that are read of a text. */
  readonly longest: number;
  /** What products are computed in. */
  readonly precision: ComputePrecision;
  /** How many like it are on the card at once. */
  readonly models: number;
}

/** Bytes of a card, counted. */
export interface ScoringMemory {
  readonly weights: number;
  readonly activations: number;
}

/**
 * The most tokens of a batch for which a card's memory is expected to do: as many as are wanted, or half, and so on.
 * A card that does not say how much it has is held against nothing.
 *
 * @throws InputFault where not even the fewest would fit
 */
export function tokensThatFit(
  model: ScoredModel,
  { name, card }: Pick<Device, 'name' | 'card'>,
  wanted: number,
): number {
  const memoryBytes = card?.memoryBytes ?? null;
  if (name === processor || memoryBytes === null) return wanted;
  const needOf = scoringNeeds(model, name);
  const totalOf = ({ weights, activations }: ScoringMemory): { total: number } => ({
    total: model.models * (weights + activations),
  });
  let tokens = wanted;
  while (expectedOfCard(name, totalOf(needOf(tokens))) > memoryBytes) {
    const fewer = fewerTokens(tokens);
    if (fewer === null) break;
    tokens = fewer;
  }
  const need = needOf(tokens);
  // The provider may do with less than it is expected to take.
  const least = leastOfCard(name, totalOf(need));
  if (least <= memoryBytes) return tokens;
  throw tooLarge(model, need, { name, card: card?.name ?? null, memoryBytes, least });
}

/** Counts what a model takes of a card, by the tokens of a batch: of texts as long as they may be. */
export function scoringNeeds(
  { classifier, longest, precision }: Omit<ScoredModel, 'models'>,
  device: CardName,
): (tokens: number) => ScoringMemory {
  const { heads, relativePositions, vocabulary, windows } = classifier;
  const { graph, parameters } = inferenceGraph(classifier, { groups: 1, vocabulary, precision });
  const weights = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0) * 4;
  const activations = activationsOn(device, graph);
  const sequences = sequencesOf(new Int32Array(longest), classifier);
  const length = windows?.length ?? longest;
  return (tokens) => {
    const texts = Math.max(1, Math.floor(tokens / longest)) * sequences.length;
    const { batch: rows } = fewShapes(tokens, length).of({ first: 0, batch: texts, length });
    const sizes = {
      tokens: rows * length,
      slots: rows * length,
      texts: rows,
      [pooledInput.rows]: rows,
      buckets: relativePositions?.rows ?? 0,
      ...groupSizes(0, heads, rows, length),
    };
    return { weights, activations: activations(sizes) };
  };
}

function tooLarge(
  { models, longest }: ScoredModel,
  { weights, activations }: ScoringMemory,
  {
    name,
    card,
    memoryBytes,
    least,
  }: {
    readonly name: string;
    readonly card: string | null;
    readonly memoryBytes: number;
    readonly least: number;
  },
): InputFault {
  const of = models === 1 ? '' : `${models} models, each `;
  const one = `weights ${gigabytes(weights)}, activations ${gigabytes(activations)} for a text of ${longest} tokens`;
  return new InputFault({
    where: `device ${name}`,
    what: `${models === 1 ? 'the model' : 'the ensemble'} would not fit its memory${card === null ? '' : ` (${card})`}`,
    found: `${gigabytes(least)}: ${of}${one}`,
    expected: `at most ${gigabytes(memoryBytes)}`,
    remedy: `Score on a card with more memory, or on the processor (${processor})${models === 1 ? '' : ', or with fewer models'}.`,
  });
}
