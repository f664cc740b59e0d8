import { membersOf } from '../pipeline/members.js';
import { count, inSentence } from './notation.js';
import { modelName } from './places.js';
import type { RunResult } from './run-result.js';
import { named } from './skill-words.js';

/** What was trained on what, for somebody who has never seen such a page. */
export function trainedWords(result: RunResult): string {
  const { rows, labels, configuration } = result;
  const { task, folds, training } = configuration;
  const many = labels.length > mostNamed;
  const kind = task === 'single-label' ? 'classes' : 'labels';
  const of = labels.length === 1 ? 'the label' : `the ${labels.length} ${kind}`;
  const all = many ? of : `${of} ${named(labels.map(inSentence))}`;
  const question =
    task === 'single-label'
      ? `which one of ${all} a text belongs to`
      : labels.length === 1
        ? `whether ${all} is true of a text`
        : `which of ${all} are true of a text, any number of them`;
  return `${modelWords(result)} on ${count(rows.train)} texts to tell ${question}. The texts were split into ${folds.count} folds, and ${cellWords(result)} trained for ${epochWords(result, training.epochs)}, each on all folds but one. That one it then predicted, so that every score on this page is of texts that the model had not seen.`;
}

/** So many labels are named; of more the most frequent. */
const mostNamed = 8;

/** Of which labels a skill is shown, in a sentence or two; null where nothing was assessed. */
export function learntWords(result: Pick<RunResult, 'assessment' | 'labels' | 'perLabel'>): string | null {
  const { assessment, labels } = result;
  if (assessment === undefined) return null;
  const having = (verdict: string) =>
    labels.filter((label) => assessment.perLabel[label]?.verdict === verdict);
  const [better, unshown, untold] = [having('better'), having('not-shown'), having('untold')];
  const parts = [
    better.length === 0
      ? 'Of no label is it shown that anything was learnt of it.'
      : better.length === labels.length && labels.length > 1
        ? `Every one of the ${labels.length} labels is shown to be learnt: better than what no skill gets.`
        : `Shown to be learnt, that is better than what no skill gets: ${listed(better, result)}.`,
    ...(unshown.length === 0 || better.length === 0
      ? []
      : [`Not shown to be better than no skill: ${listed(unshown, result)}.`]),
    ...(untold.length === 0
      ? []
      : [`Never occurring, so that nothing can be told: ${listed(untold, result)}.`]),
  ];
  return parts.join(' ');
}

/** The labels by name; of many how many they are, and the most frequent ones. */
function listed(
  names: readonly string[],
  { labels, perLabel }: Pick<RunResult, 'labels' | 'perLabel'>,
): string {
  if (names.length <= mostNamed) return named(names.map(inSentence));
  const support = (label: string) => perLabel[label]?.support ?? 0;
  const frequent = [...names].sort((a, b) => support(b) - support(a)).slice(0, 3);
  return `${names.length} of ${labels.length} labels, the most frequent of them ${named(frequent.map(inSentence))}`;
}

function modelWords({ configuration }: RunResult): string {
  const models = new Set(
    membersOf(configuration).map(({ pipeline: { model } }) =>
      model.scratch === undefined
        ? modelName(model.checkpoint ?? '')
        : `a ${model.scratch.type} network of ${model.scratch.layers} layers with random weights`,
    ),
  );
  const [only] = models;
  if (models.size > 1) return `${models.size} models (${named([...models], 3)}) were trained`;
  return configuration.model.scratch === undefined
    ? `${only} was fine-tuned`
    : `From scratch, ${only} was trained`;
}

function cellWords({ folds, members }: RunResult): string {
  const models = `${count(folds.length)} ${folds.length === 1 ? 'model' : 'models'}`;
  const was = folds.length === 1 ? 'was' : 'were';
  return members === undefined
    ? `${models} ${was}`
    : `${models} (${members.length} members of an ensemble, each on every fold) ${was}`;
}

function epochWords({ folds }: RunResult, planned: number): string {
  const most = folds.reduce((longest, { epochs }) => Math.max(longest, epochs.length), 0);
  const epochs = most === 0 ? planned : most;
  return `${epochs === 1 ? '1 epoch' : `${epochs} epochs`}${most > 0 && folds.some((fold) => fold.epochs.length < most) ? ' at most' : ''}`;
}
