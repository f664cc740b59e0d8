import { amount } from '../../report/notation.js';
import { listedDevices, type ListedDevice } from '../devices/listed-devices.js';
import { devicesSchema } from '../facts/devices.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { printJson, type Console } from '../terminal/console.js';
import { padEnd } from '../terminal/layout.js';

export async function devices(console: Console, options: GlobalOptions & JsonOption): Promise<void> {
  const listed = await listedDevices();
  if (options.json === true) return printJson(console, devicesSchema, listed);
  for (const line of deviceLines(listed)) console.print(line);
}

export function deviceLines(listed: readonly ListedDevice[]): string[] {
  const width = Math.max(...listed.map(({ device }) => device.length));
  const indented = (text: string): string => `${' '.repeat(width)}    ${text}`;
  return listed.flatMap(({ device, starts, card, driver, memoryBytes, missing }) => {
    if (starts) {
      const told = [card, driver, memoryBytes === null ? null : amount(memoryBytes)].filter(
        (part) => part !== null,
      );
      return [`${padEnd(device, width)}  ✓ starts${told.length === 0 ? '' : `: ${told.join(', ')}`}`];
    }
    const [first, ...others] = missing.map(({ what, remedy }) => [what, remedy ?? null] as const);
    return [
      `${padEnd(device, width)}  ✗ ${first?.[0] ?? ''}`,
      ...(first?.[1] ? [indented(first[1])] : []),
      ...others.flatMap(([what, remedy]) => [indented(what), ...(remedy === null ? [] : [indented(remedy)])]),
    ];
  });
}
