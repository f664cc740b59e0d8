import { oneLine } from './layout.js';

/** A warning of a fold is `fold 3: …`. */
const ofFold = /^fold (\d+): (.*)$/s;

/** A line for each warning; what several folds warn of in the same words is one. */
export function warningLines(warnings: readonly string[]): string[] {
  const folds = new Map<string, number[]>();
  for (const warning of warnings) {
    const [, fold, text = warning] = ofFold.exec(warning) ?? [];
    folds.set(text, [...(folds.get(text) ?? []), ...(fold === undefined ? [] : [Number(fold)])]);
  }
  return [...folds].map(([text, of]) => `warning: ${foldWords(of)}${oneLine(text)}`);
}

function foldWords(folds: readonly number[]): string {
  if (folds.length === 0) return '';
  return `${folds.length === 1 ? 'fold' : 'folds'} ${folds.join(', ')}: `;
}
