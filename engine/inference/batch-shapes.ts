import type { TextGroup } from '../batches/batch-layout.js';
import type { Device } from '../device/device.js';
import type { Classifier } from '../models/family.js';

/** What a batch is filled up to, so that many batches have few shapes. */
export interface BatchShapes {
  /** Tokens that a text of so many is padded to. */
  readonly length: (tokens: number) => number;
  /** Rows for so many texts. */
  readonly texts: (count: number) => number;
  /** The group that a group is filled up to. */
  readonly of: (group: TextGroup) => TextGroup;
}

/** Of lengths up to each of these multiples of the step beside it are told apart, so that at most a third is padded. */
const steps = [
  [64, 8],
  [128, 16],
  [256, 32],
  [512, 64],
] as const;
const longerStep = 128;

/**
 * A device compiles its kernels anew for each shape. So texts are padded to one of some lengths, and there are as many
 * as go into a full batch, or a power of two: of a table of any length there are a few shapes for each length.
 *
 * @param tokens of a full batch @param longest tokens of a sequence
 */
export function fewShapes(tokens: number, longest: number): BatchShapes {
  const length = paddedUpTo(longest);
  const full = (length: number): number => Math.max(1, Math.floor(tokens / length));
  return {
    length,
    texts: powerOfTwo,
    of: ({ first, batch, length: wanted }) => {
      const padded = length(wanted);
      const most = full(padded);
      return {
        first,
        length: padded,
        batch: batch <= most ? Math.min(most, powerOfTwo(batch)) : powerOfTwo(batch),
      };
    },
  };
}

/**
 * What the batches of a training are filled up to; null for a device that takes them as they are. The loss is a mean
 * over the texts, so that there are no more of these than there are; windows of texts may be more.
 *
 * @param longest tokens of a sequence
 */
export function shapesOfTraining(
  { alikeRuns }: Pick<Device, 'alikeRuns'>,
  { windows, maxLength }: Pick<Classifier, 'windows' | 'maxLength'>,
  longest = windows?.length ?? maxLength ?? Infinity,
): BatchShapes | null {
  if (!alikeRuns) return null;
  const length = paddedUpTo(longest);
  return {
    length,
    texts: (count) => count,
    of: ({ first, batch, length: wanted }) => ({
      first,
      length: length(wanted),
      batch: windows === undefined ? batch : nextCount(batch),
    }),
  };
}

function paddedUpTo(longest: number): BatchShapes['length'] {
  return (wanted) => Math.max(wanted, Math.min(longest, nextLength(wanted)));
}

/** As lengths go on; of few, a step is too much. */
function nextCount(count: number): number {
  return Math.min(powerOfTwo(count), nextLength(count));
}

function nextLength(tokens: number): number {
  const [, step] = steps.find(([most]) => tokens <= most) ?? [0, longerStep];
  return Math.ceil(tokens / step) * step;
}

/** The next one from a count on. */
function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}
