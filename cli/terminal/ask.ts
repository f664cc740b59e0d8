import { createInterface } from 'node:readline/promises';

/** Whether somebody is there to be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Asks until the answer is one of the choices or how one begins; `signal` gives up. */
export async function ask<Choice extends string>(
  question: string,
  choices: readonly Choice[],
  signal: AbortSignal,
): Promise<Choice> {
  const again = `${choices.join(', ')}? `;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // A question takes Ctrl-C for itself; it is the command's.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    for (let text = question; ; text = again) {
      const answer = (await terminal.question(text, { signal })).trim().toLowerCase();
      const choice = choices.find((each) => answer !== '' && each.startsWith(answer));
      if (choice !== undefined) return choice;
    }
  } finally {
    terminal.close();
  }
}
