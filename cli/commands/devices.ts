import { Argument, type Command } from 'commander';
import { printsJson } from '../options.js';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise devices …`: what this machine can compute on. */
export function addDevices(program: Command, console: Console): void {
  const devices = printsJson(program.command('devices'))
    .summary('say what this machine can compute on')
    .description(
      'Tries the processor, WebGPU and the cards that CUDA reaches, each in a process of its own, and says what starts and what is missing. The processor and WebGPU come with foldwise; the provider for CUDA is fetched, once.',
    )
    .action(whenRun(console, async () => (await import('../actions/devices.js')).devices));
  printsJson(devices.command('fetch'))
    .addArgument(new Argument('<device>', 'whose provider is fetched').choices(['cuda']))
    .summary('fetch the provider of a device')
    .description(
      "Fetches ONNX Runtime's provider for CUDA 13, some 250 MB, from the Python registry, for this user. It is unpacked into the cache, or into the folder that FOLDWISE_CUDA names, and every file is compared with the checksum that is pinned for it. Again does nothing.",
    )
    .action(whenRun(console, async () => (await import('../actions/devices-fetch.js')).fetchDevice));
}
