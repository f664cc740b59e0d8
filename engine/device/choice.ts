import { InputFault } from '../../errors/fault.js';
import { processor, webGpu, type DeviceName } from './device.js';

/** The devices that are asked for, each once; or what the machine has, to be looked for. */
export type DeviceChoice = readonly DeviceName[] | typeof automatic;

/** What is asked for where a person leaves it open. */
export const automatic = 'auto';

/** How one device is asked for, in words. */
export const oneDeviceForm = `${automatic}, or ${processor}, ${webGpu}, cuda or cuda:1`;

/** How devices are asked for, in words. */
export const deviceForm = `${oneDeviceForm}, with commas between several`;

/** Cards of a machine that can be asked for. */
const mostCards = 64;

/**
 * Reads the devices that a person names, as in `cuda:0,cuda:1`; `cuda` is its first card.
 *
 * @param where the setting, for messages
 * @throws InputFault for what is no device, one that is named twice, or `auto` beside others
 */
export function parseDevices(text: string, where: string): DeviceChoice {
  if (text.trim() === automatic) return automatic;
  const names = text.split(',').map((part) => deviceNamed(part.trim(), where));
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice === undefined) return names;
  throw new InputFault({
    where,
    what: 'a device is named twice',
    found: twice,
    expected: 'each device once: it does one thing at a time',
  });
}

/** What one device is asked for by. */
export type OneDevice = DeviceName | typeof automatic;

/**
 * The only device of a choice.
 *
 * @param where the setting, for messages @throws InputFault where there are several
 */
export function oneDevice(choice: DeviceChoice, where: string): OneDevice {
  if (choice === automatic) return automatic;
  const [device, ...others] = choice;
  if (device !== undefined && others.length === 0) return device;
  throw new InputFault({
    where,
    what: 'several devices are named',
    found: choice.join(', '),
    expected: 'one, which gives the bits of all that is scored',
  });
}

function deviceNamed(text: string, where: string): DeviceName {
  if (text === processor || text === webGpu) return text;
  const [, number = '0'] = /^cuda(?::(\d{1,2}))?$/.exec(text) ?? [, null];
  const card = number === null ? NaN : Number(number);
  if (card < mostCards) return `cuda:${card}`;
  throw new InputFault({
    where,
    what: 'there is no device of that name',
    found: text === '' ? 'nothing' : text.slice(0, 40),
    expected: deviceForm,
  });
}
