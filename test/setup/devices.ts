import './software-driver.js';
import { automatic, parseDevices } from '../../engine/device/choice.js';
import { processor, webGpu, type Device, type DeviceName } from '../../engine/device/device.js';
import { openDevice } from '../../engine/device/open.js';
import { lowered } from '../../engine/device/webgpu/lowered.js';
import { precisionOn } from '../../engine/precision/choice.js';
import { computePrecisions, type ComputePrecision } from '../../engine/precision/precision.js';
import { openRuntime } from '../../engine/runtime/open.js';

/**
 * Names the devices that the tests of devices run on, as `--device` does: each has to start. By default they run on the
 * processor, and on WebGPU where a driver is.
 */
export const devicesVariable = 'FOLDWISE_TEST_DEVICES';

/** Where the same tests run. */
export interface TestDevice {
  /** For titles: its name, and why it is skipped. */
  readonly title: string;
  /** Whether it was not asked for and does not start here. */
  readonly missing: boolean;
  readonly open: (threads: number) => Promise<Device>;
}

/** One that can be named. */
export interface NamedDevice extends TestDevice {
  readonly name: DeviceName;
}

const unnamed = `${devicesVariable} does not name it`;
const choice = parseDevices(process.env[devicesVariable] ?? automatic, devicesVariable);

// A process has one build of ONNX Runtime: what is held against CUDA computes by CUDA's, too.
if (choice !== automatic && choice.some((name) => name.startsWith('cuda:'))) openRuntime('cuda');

const chosen: readonly NamedDevice[] =
  choice === automatic ? [named(processor), await whereItStarts(webGpu)] : choice.map((name) => named(name));

/** All that tests run on, one after the other. */
export const testDevices = chosen;

const others = chosen.filter(({ name }) => name !== processor);

/** Those of them that are held against the processor; one that is skipped where there is none. */
export const otherDevices = others.length > 0 ? others : [skipped(named(webGpu), unnamed)];

/** What the others are held against. */
export const onProcessor = named(processor);

/** What of WebGPU can be tested anywhere: the operators it is given. */
export const inItsOperators: TestDevice = {
  title: 'the processor, written for WebGPU,',
  missing: false,
  open: async (threads) => {
    const device = await openDevice(processor, { threads });
    const compile: Device['compile'] = (program, options) =>
      openRuntime().createSession(lowered(program).model, { ...options, threads });
    return Object.assign(Object.create(device) as Device, { compile });
  },
};

/** What the tests that run on each device do not run on here, to be told of. */
export const untried = ([processor, webGpu, 'cuda:0'] as const)
  .filter((name) => !chosen.some((device) => kindOf(device.name) === kindOf(name)))
  .map((name) => skipped(named(name), unnamed));

/** What a training may ask for by name there. */
export function precisionsOn(device: DeviceName): readonly ComputePrecision[] {
  return computePrecisions.filter((precision) => {
    try {
      return precisionOn(device, precision) === precision;
    } catch {
      return false;
    }
  });
}

function named(name: DeviceName): NamedDevice {
  return { name, title: titleOf(name), missing: false, open: (threads) => openDevice(name, { threads }) };
}

async function whereItStarts(name: DeviceName): Promise<NamedDevice> {
  const device = named(name);
  try {
    (await device.open(1)).release();
    return device;
  } catch (fault) {
    return skipped(device, (fault as Error).message);
  }
}

function skipped(device: NamedDevice, reason: string): NamedDevice {
  return { ...device, title: `${device.title} (skipped: ${reason})`, missing: true };
}

function kindOf(name: DeviceName): string {
  return name.split(':')[0]!;
}

function titleOf(name: DeviceName): string {
  if (name === processor) return 'the processor';
  return name === webGpu ? 'WebGPU' : `CUDA’s card ${name.slice(name.indexOf(':') + 1)}`;
}
