import type { Check } from '../doctor/check.js';
import { deviceChecks } from '../doctor/devices.js';
import { engineCheck } from '../doctor/engine.js';
import { hubCheck } from '../doctor/hub.js';
import { diskCheck, machineChecks } from '../doctor/machine.js';
import { rootsCheck } from '../doctor/roots.js';
import { serverCheck } from '../doctor/server.js';
import { storeCheck } from '../doctor/store.js';
import { checksSchema } from '../facts/doctor.js';
import { CommandFailure } from '../failure.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { printJson, type Console } from '../terminal/console.js';
import { padEnd } from '../terminal/layout.js';
import { paint, wantsColor, type Paint } from '../terminal/paint.js';
import { workdirAt } from '../workdir.js';

export async function doctor(console: Console, options: GlobalOptions & JsonOption): Promise<void> {
  const workdir = workdirAt(options.workdir);
  const checks = [
    ...machineChecks(),
    engineCheck(),
    ...(await deviceChecks()),
    await serverCheck(workdir),
    await storeCheck(workdir),
    rootsCheck(workdir),
    await hubCheck(),
    await diskCheck(workdir.path),
  ];
  if (options.json === true) printJson(console, checksSchema, checks);
  else for (const line of checkLines(checks, paint(wantsColor(process.stdout)))) console.print(line);
  const missing = checks.filter(({ state }) => state === 'missing').map(({ name }) => name);
  if (missing.length > 0) throw new CommandFailure(`missing: ${missing.join(', ')}`);
}

function checkLines(checks: readonly Check[], ink: Paint): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, state, found, remedy }) => {
    const symbol = { fine: ink.green('✓'), note: ink.yellow('!'), missing: ink.red('✗') }[state];
    const line = `${symbol} ${padEnd(name, width)}  ${found}`;
    return remedy === undefined ? [line] : [line, `  ${' '.repeat(width)}  ${ink.dim(remedy)}`];
  });
}
