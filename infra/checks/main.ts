import { fileURLToPath } from 'node:url';
import { runChecks } from './checks.js';

/** The files are sources: they lie beside this file's source, not beside what is built of it. */
const folder = fileURLToPath(new URL('../../../infra', import.meta.url));

const outcomes = await runChecks(folder, (message) => console.error(message));
for (const { name, state, said } of outcomes) {
  console.log(`${state.padEnd(7)}  ${name}${state === 'passed' ? '' : `: ${said}`}`);
}
process.exitCode = outcomes.some(({ state }) => state === 'failed') ? 1 : 0;
