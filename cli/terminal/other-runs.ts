import { duration } from '../../report/notation.js';
import type { OpenRun } from '../runs/open-runs.js';
import { otherChoices, type OtherChoice } from '../runs/other-choices.js';
import { ask } from './ask.js';
import { oneLine, padEnd } from './layout.js';

/** What is open beside a run that is about to start, a line each. */
export function describeOthers(others: readonly OpenRun[], now: Date): string {
  const head =
    others.length === 1 ? 'Another run is open in this workdir:' : 'Other runs are open in this workdir:';
  const lines = others.map(({ run, state, startedAt }) => {
    const age = duration(Math.max(0, now.getTime() - startedAt.getTime()) / 1000);
    return `  ${oneLine(run)}  ${state}, started ${age} ago`;
  });
  return [head, ...lines].join('\n');
}

/** Asks what shall become of them. */
export function askAboutOthers(signal: AbortSignal): Promise<OtherChoice> {
  const ways = otherChoices.map((choice) => `  ${padEnd(choice, 6)}  ${meaning[choice]}`);
  return ask([...ways, 'keep, wait or cancel? '].join('\n'), otherChoices, signal);
}

/** What is done about them where nobody is asked. */
export function otherWords(choice: OtherChoice): string {
  return `${choice}: ${meaning[choice]}.`;
}

const meaning: Readonly<Record<OtherChoice, string>> = {
  keep: 'what is open stays open, and this command works for its own run alone',
  wait: 'what is open is done first, then this run',
  cancel: 'what is open is ended; what it has done stays and is reused',
};
