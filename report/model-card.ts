import { stringify } from 'yaml';
import { membersOf } from '../pipeline/members.js';
import { tasks } from '../tasks/index.js';
import { calibrationWords, objectiveRows } from './decision-words.js';
import { count, percent, score, tunedValue } from './notation.js';
import { fileName, isAbsolute, withoutFolders } from './places.js';
import type { RunResult } from './run-result.js';
import { headlineWords, intervalWords, unshownWords } from './skill-words.js';
import { trainedWords } from './summary-words.js';
import { usageSections, type CardedFolder } from './model-card-usage.js';

/**
 * The card of a model: `README.md` with the metadata that the Hugging Face hub reads. It says what the run knows, and
 * holds no text of a row and no folder of a machine.
 */
export function modelCard(result: RunResult, folder: CardedFolder): string {
  const sections = [
    `# ${result.pipeline}`,
    trainedWords(result),
    '## What it is for',
    intendedWords(result),
    '## How good it is',
    ...scoreSections(result),
    '## What it was trained on',
    dataWords(result),
    '## Limits',
    bullets(limits(result, folder)),
    ...usageSections(result, folder),
  ];
  return `---\n${frontMatter(result)}---\n\n${sections.join('\n\n')}\n`;
}

function frontMatter(result: RunResult): string {
  const bases = hubModels(result);
  const metadata = {
    library_name: 'transformers',
    pipeline_tag: 'text-classification',
    tags: ['text-classification', result.configuration.task, 'foldwise', 'onnx', 'transformers.js'],
    ...(bases.length === 0 ? {} : { base_model: bases.length === 1 ? bases[0] : bases }),
    'model-index': [
      {
        name: result.pipeline,
        results: [
          {
            task: { type: 'text-classification', name: taskName(result) },
            dataset: { type: 'private', name: `training rows of ${result.pipeline}, out of fold` },
            metrics: metricsOf(result),
          },
        ],
      },
    ],
  };
  return stringify(metadata, { lineWidth: 0, aliasDuplicateObjects: false });
}

interface Metric {
  readonly type: string;
  readonly name: string;
  readonly value: number;
  readonly args?: { readonly confidence_interval: readonly [number, number] };
}

/** Cross-fitted scores; those that could not be computed are left out. */
function metricsOf({ macroF1, perLabel, labels, assessment, classes }: RunResult): Metric[] {
  const metric = (
    type: string,
    name: string,
    value: number,
    interval: readonly [number, number] | undefined,
  ): Metric[] => {
    if (!Number.isFinite(value)) return [];
    const isKnown = interval?.every((end) => Number.isFinite(end)) === true;
    return [{ type, name, value, ...(isKnown ? { args: { confidence_interval: interval } } : {}) }];
  };
  return [
    ...metric('f1', 'macro F1, cross-fitted', macroF1.crossFitted, assessment?.macro.intervals.crossFitted),
    ...(classes === undefined
      ? []
      : metric(
          'accuracy',
          'accuracy, cross-fitted',
          classes.accuracy.crossFitted,
          assessment?.accuracy?.intervals.crossFitted,
        )),
    ...labels.flatMap((label) =>
      metric(
        'f1',
        `F1 of ${label}, cross-fitted`,
        perLabel[label]!.crossFitted,
        assessment?.perLabel[label]?.intervals.crossFitted,
      ),
    ),
  ];
}

/** Models of the hub that it was fine-tuned from. */
function hubModels({ configuration }: RunResult): string[] {
  const checkpoints = membersOf(configuration).flatMap(({ pipeline: { model } }) =>
    model.checkpoint === undefined || isAbsolute(model.checkpoint) ? [] : [model.checkpoint.split('@')[0]!],
  );
  return [...new Set(checkpoints)].filter((name) => /^[\w.-]+\/[\w.-]+$/.test(name) && !name.startsWith('.'));
}

function taskName({ configuration }: RunResult): string {
  return configuration.task === 'single-label'
    ? 'text classification, one class per text'
    : 'text classification, any number of labels per text';
}

function intendedWords({ labels, configuration }: RunResult): string {
  const says =
    configuration.task === 'single-label'
      ? 'one of these classes for a text'
      : 'which of these labels hold for a text, each for itself';
  return `It says ${says}: ${labels.map(escaped).join(', ')}. It is meant for texts like those that it was trained on; of others nothing was measured.`;
}

function scoreSections(result: RunResult): string[] {
  const { labels, perLabel, macroF1, thresholds, assessment, configuration } = result;
  const { words } = tasks[configuration.task];
  const head = ['label', words.plain, 'F1 tuned', 'F1 cross-fitted', '95 % interval', words.tuned, 'support'];
  const rows = labels.map((label) => {
    const { atHalf, tuned, crossFitted, support } = perLabel[label]!;
    const interval = assessment?.perLabel[label]?.intervals.crossFitted;
    return [
      escaped(label),
      ...[atHalf, tuned, crossFitted].map(score),
      interval === undefined ? '' : intervalWords(interval),
      tunedValue(thresholds[label]),
      count(support),
    ];
  });
  const macro = assessment?.macro.intervals.crossFitted;
  const mean = [
    '**macro**',
    ...[macroF1.atHalf, macroF1.tuned, macroF1.crossFitted].map(score),
    macro === undefined ? '' : intervalWords(macro),
    '',
    '',
  ];
  const sought = objectiveRows(result);
  const decided = words.tuned === 'offset' ? 'offsets' : 'thresholds';
  return [
    table([head, ...rows, mean]),
    `All scores are of ${count(result.rows.train - result.rowsWithoutOof)} training rows, each predicted by the models that did not train on it. F1 tuned is decided by ${decided} tuned on these very rows, which flatters; cross-fitted decides the rows of each fold by ${decided} tuned on the rows of the other folds, and is the one to quote. The ensemble itself, the mean of all models, has been judged on no row: every row was trained on by some of them.`,
    ...present(headlineWords(result)),
    ...present(calibrationWords(result)),
    ...(sought === null ? [] : ['Thresholds were tuned to reach:', table([sought.head, ...sought.rows])]),
  ];
}

function dataWords({ rows, labels, perLabel, facts, split, data, configuration }: RunResult): string {
  const share = (label: string): string => `${escaped(label)} ${count(perLabel[label]!.support)}`;
  return bullets([
    `${count(rows.train)} labelled rows (\`${fileName(configuration.data.train)}\`). Rows with each label that were judged: ${labels.map(share).join(', ')}.`,
    ...(facts === undefined ? [] : factWords(facts)),
    ...(split === undefined ? [] : ['Rows that belong together were held out together.']),
    ...(data === undefined ? [] : [`SHA-256 of texts and labels: \`${data.rows}\`.`]),
    'What language they are in, where they come from and under which licence, the run does not know: say so here.',
  ]);
}

function factWords({ train, tokens = [] }: NonNullable<RunResult['facts']>): string[] {
  const { median, p95, longest } = train.characters;
  const scripts = Object.entries(train.scripts).map(([name, share]) => `${name} ${percent(share)}`);
  return [
    `Characters of a text: half have ${count(median)} or fewer, 95 % ${count(p95)} or fewer, the longest ${count(longest)}; ${count(train.empty)} are blank.`,
    ...(scripts.length === 0 ? [] : [`Scripts of the letters: ${scripts.join(', ')}.`]),
    ...tokens
      .filter((each) => each.train.cut > 0)
      .map(
        ({ train: { cut, texts }, longest: kept }) =>
          `${percent(cut / texts)} of the texts have more than the ${count(kept)} tokens that are read.`,
      ),
  ];
}

function limits(result: RunResult, { notes, maxLength }: CardedFolder): string[] {
  const { warnings, skippedFolds, configuration } = result;
  return [
    `Of a text at most ${count(maxLength)} tokens are read${configuration.model.windows === undefined ? '; what is beyond counts for nothing' : ' at a time'}.`,
    ...present(unshownWords(result)),
    ...(skippedFolds.length === 0
      ? []
      : [`Folds without a model: ${skippedFolds.join(', ')}. Their rows are in no score.`]),
    ...(configuration.training.bestBy === 'last'
      ? []
      : [
          'The epoch that was kept of each model is the best on the rows that judge it, which flatters all scores a little.',
        ]),
    ...notes.map(sentence),
    ...warnings.map((warning) => sentence(escaped(withoutFolders(warning, configuration)))),
  ];
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function present(text: string | null): string[] {
  return text === null ? [] : [escaped(text)];
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function table([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head!), line(head!.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text that Markdown and HTML take for nothing else. */
function escaped(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\`*_[\]<>|#]/g, (mark) => `\\${mark}`);
}
