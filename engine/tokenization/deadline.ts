import { InputFault } from '../../errors/fault.js';

/** Of a batch of texts, on a machine with other work; the library takes a thousandth of it. */
const patience = { ms: 60_000, msPerCharacter: 0.02 };

/**
 * Waits for the library, but not for ever: a tokenizer from outside may hold an expression that takes
 * years. What was begun goes on in its thread, so the process is to be ended by its parent.
 */
export async function withinPatience<Value>(
  where: string,
  characters: number,
  work: Promise<Value>,
  { ms: least, msPerCharacter } = patience,
): Promise<Value> {
  const ms = least + characters * msPerCharacter;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new InputFault({
          where,
          what: `the tokenizer did not finish ${characters} characters in ${Math.round(ms / 1000)} s`,
          remedy: 'Use another tokenizer: its replacements or regular expressions take too long.',
        }),
      );
    }, ms);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
