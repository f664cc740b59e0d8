import type { Comparison, Differing, RunPair } from '../../report/comparison/comparison.js';
import {
  amountWords,
  basisSentence,
  caution,
  differenceWords,
  verdictSentence,
} from '../../report/comparison/words.js';
import { count, duration, score } from '../../report/notation.js';
import { intervalWords } from '../../report/skill-words.js';
import { dataFacts } from '../runs/data-facts.js';
import { oneLine } from './layout.js';
import type { Paint } from './paint.js';
import { dataWords } from './run-table.js';
import { tableLines } from './table.js';

/** A comparison of runs: each on a line, then each pair label by label, then what differs between them. */
export function comparisonLines(comparison: Comparison, ink: Paint): string[] {
  return [
    ...headed(runRows(comparison), ink),
    ...comparison.pairs.flatMap((pair) => ['', ...pairLines(pair, ink)]),
    ink.dim(caution(comparison)),
    '',
    ...differingLines(comparison, ink),
  ];
}

function runRows({ runs }: Comparison): string[][] {
  const rows = runs.map(({ result, seconds, trainingSeconds }) => {
    const interval = result.assessment?.macro.intervals.crossFitted;
    return [
      oneLine(result.run),
      score(result.macroF1.crossFitted),
      interval === undefined ? score(null) : intervalWords(interval),
      oneLine(dataWords(dataFacts(result))),
      duration(seconds),
      duration(trainingSeconds),
    ];
  });
  return [['run', 'macro F1', '95 % interval', 'data', 'steps took', 'training took'], ...rows];
}

function pairLines(pair: RunPair, ink: Paint): string[] {
  const colours = { better: ink.green, worse: ink.red, 'not-shown': ink.yellow, untold: ink.dim };
  const row = (name: string, of: RunPair['macro'], support: string): string[] => [
    oneLine(name),
    score(of.base),
    score(of.f1),
    amountWords(of),
    support,
    colours[of.verdict](differenceWords[of.verdict]),
  ];
  return [
    ink.bold(colours[pair.macro.verdict](oneLine(verdictSentence(pair)))),
    ink.dim(basisSentence(pair)),
    ...headed(
      [
        ['label', 'base', 'run', 'difference', 'support', ''],
        ...pair.perLabel.map((each) => row(each.label, each, count(each.support))),
        row('macro', pair.macro, ''),
      ],
      ink,
    ),
  ];
}

function headed(rows: readonly string[][], ink: Paint): string[] {
  const [head = '', ...lines] = tableLines(rows, 'left');
  return [ink.dim(head), ...lines];
}

function differingLines({ settings, versions }: Comparison, ink: Paint): string[] {
  if (settings.length + versions.length === 0) return ['The same settings and versions.'];
  const words = ({ path, values }: Differing): string =>
    oneLine(`${path}: ${values.map((value) => JSON.stringify(value) ?? 'absent').join(' → ')}`);
  return [
    ...(settings.length === 0 ? ['The same settings.'] : settings.map(words)),
    ...versions.map((each) => ink.dim(`version of ${words(each)}`)),
  ];
}
