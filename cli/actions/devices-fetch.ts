import { pinnedVersion } from '../../engine/runtime/library.js';
import { obtainWheelFolder } from '../../infra/wheel/wheel-folder.js';
import { DownloadPace } from '../../worker/download-progress.js';
import { cudaProvider, isFetched } from '../devices/cuda-provider.js';
import { fetchedProviderSchema } from '../facts/devices.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { printJson, type Console } from '../terminal/console.js';
import { openDisplay } from '../terminal/display.js';

export async function fetchDevice(console: Console, options: GlobalOptions & JsonOption): Promise<void> {
  const provider = cudaProvider();
  const { folder, wheel } = provider;
  const display = openDisplay(console, true);
  const pace = new DownloadPace(wheel.project);
  let fetched: boolean;
  try {
    fetched = await obtainWheelFolder(provider, {
      isThere: isFetched,
      onMessage: (message) => display.note(message),
      onBytes: (bytes, total) =>
        display.download(pace.view({ file: wheel.name, bytes, total: total ?? wheel.bytes })),
    });
  } finally {
    display.download(null);
    display.close();
  }
  if (options.json === true)
    return printJson(console, fetchedProviderSchema, { folder, version: pinnedVersion, fetched });
  console.print(`${provider.title} ${fetched ? 'is now' : 'was already'} in ${folder}.`);
}
