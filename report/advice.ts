import { count, inSentence, percent, score } from './notation.js';
import type { FoldResult, RunResult } from './run-result.js';
import { named } from './skill-words.js';

/** Something to do next, with the command that does it where there is one. */
export interface Advice {
  readonly words: string;
  readonly command?: string;
}

/** What a reader might do next, by what the numbers show; the most pressing first. */
export function adviceOf(result: RunResult): Advice[] {
  return [
    ...ofSkill(result),
    ...ofSkippedFolds(result),
    ...ofCourse(result),
    ...ofUnshownLabels(result),
    ...ofThresholds(result),
    ...ofProbabilities(result),
    ...ofUse(result),
  ];
}

function ofSkill({ assessment }: RunResult): Advice[] {
  if (assessment === undefined || assessment.macro.verdict === 'better') return [];
  return [
    {
      words:
        'Do not build on these predictions yet: it is not shown that they beat what can be had without reading a text.',
    },
  ];
}

function ofSkippedFolds({ skippedFolds }: RunResult): Advice[] {
  if (skippedFolds.length === 0) return [];
  return [
    { words: 'Run the pipeline again: what was trained is reused, and the skipped folds are tried anew.' },
  ];
}

/** By how much a loss has to move to be worth a word. */
const notable = { falling: 0.01, rising: 0.05 };

/** What the validation losses say of the number of epochs, where most folds say it. */
function ofCourse({ folds, configuration }: RunResult): Advice[] {
  const courses = folds
    .map(({ epochs }) => epochs.map(({ valLoss }) => valLoss))
    .filter((losses) => losses.length > 1 && losses.every((loss) => Number.isFinite(loss)));
  const of = (holds: (losses: readonly number[]) => boolean) => courses.filter(holds).length;
  const falling = of(
    (losses) =>
      losses.at(-1)! < losses.at(-2)! * (1 - notable.falling) && losses.at(-1) === Math.min(...losses),
  );
  const rising = of((losses) => losses.at(-1)! > Math.min(...losses) * (1 + notable.rising));
  const { epochs } = configuration.training;
  if (2 * falling > courses.length) {
    return [
      {
        words: `Train longer: in ${falling} of ${courses.length} folds the validation loss was still falling when training ended.`,
        command: `foldwise run pipeline.yaml --set training.epochs=${2 * epochs}`,
      },
    ];
  }
  if (2 * rising > courses.length) {
    return [
      {
        words: `Train shorter, or on more rows: in ${rising} of ${courses.length} folds the validation loss ended well above its lowest, which is overfitting. The epoch that is kept makes up for a part of it.`,
        command: `foldwise run pipeline.yaml --set training.epochs=${Math.max(1, Math.round(typicalLowest(folds)))}`,
      },
    ];
  }
  return [];
}

/** The median of the epochs with the lowest validation loss. */
function typicalLowest(folds: readonly FoldResult[]): number {
  const lowest = folds
    .map(({ epochs }) => epochs.reduce((a, b) => (b.valLoss < a.valLoss ? b : a)).epoch)
    .sort((a, b) => a - b);
  return lowest[Math.floor(lowest.length / 2)] ?? 1;
}

/** So many labels are named, the most frequent ones: they have the most to give. */
const mostNamed = 4;

function ofUnshownLabels({ assessment, perLabel, labels }: RunResult): Advice[] {
  const unshown = labels.filter((label) => assessment?.perLabel[label]?.verdict === 'not-shown');
  const above = (label: string) => (assessment?.perLabel[label]?.overNoSkill.difference ?? 0) > 0;
  const support = (label: string) => perLabel[label]?.support ?? 0;
  const withRows = (names: readonly string[]) => {
    const frequent = [...names].sort((a, b) => support(b) - support(a));
    return named(
      frequent.map((label) => `${inSentence(label)} (${count(support(label))} positive rows)`),
      mostNamed,
    );
  };
  const [near, far] = [unshown.filter(above), unshown.filter((label) => !above(label))];
  return [
    ...(near.length === 0
      ? []
      : [
          {
            words: `More rows may show what is known of ${withRows(near)}: above no skill, but not by enough to tell it from luck.`,
          },
        ]),
    ...(far.length === 0
      ? []
      : [
          {
            words: `Read some texts of ${withRows(far)}: nothing was learnt there that beats always saying yes. Where people can tell the label from the text alone, longer training, more rows or a larger model may, too.`,
          },
        ]),
  ];
}

/** How much tuning on the rows that are judged may flatter before it is worth a word. */
const flattering = 0.02;

function ofThresholds({ macroF1: { tuned, crossFitted } }: RunResult): Advice[] {
  const gap = tuned - crossFitted;
  if (!(gap > flattering)) return [];
  return [
    {
      words: `Quote ${score(crossFitted)}, never ${score(tuned)}: tuning flatters by ${score(gap)} here, so what is tuned follows the luck of these rows. More rows help.`,
    },
  ];
}

/** From which mean error on probabilities are not to be read as chances. */
const miscalibrated = 0.1;

function ofProbabilities({ assessment }: RunResult): Advice[] {
  const error = assessment?.macro.calibrationError ?? NaN;
  if (!(error > miscalibrated)) return [];
  return [
    {
      words: `Do not read the probabilities as chances: they are off by ${percent(error)} on average. Decisions by the tuned values do not suffer from that.`,
    },
  ];
}

function ofUse({ run, assessment, members }: RunResult): Advice[] {
  if (assessment !== undefined && assessment.macro.verdict !== 'better') return [];
  return [
    { words: 'Label new texts with these models.', command: `foldwise predict ${run} texts.csv` },
    ...(members === undefined
      ? [
          {
            words:
              'Train with other seeds, too: that shows how much of the score is luck, and together they mostly do a little better.',
            command: "foldwise run pipeline.yaml --set 'steps.fold.matrix.training.seed=[42, 43, 44]'",
          },
        ]
      : []),
  ];
}
