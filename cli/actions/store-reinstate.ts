import { configuredStore } from '../../worker/store-place.js';
import { reinstateMark } from '../../worker/store-proof.js';
import { reinstatedStoreSchema } from '../facts/store.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { printJson, type Console } from '../terminal/console.js';
import { withServer } from '../with-server.js';
import { writableWorkdir } from '../workdir.js';

/** Lets open runs go on in a store that was emptied under them. */
export async function reinstate(
  console: Console,
  options: GlobalOptions & JsonOption,
  mark: string,
): Promise<void> {
  const { path } = await writableWorkdir(options.workdir);
  await withServer(options, ({ client: { connection }, namespace }) =>
    reinstateMark({ connection, namespace }, path, mark),
  );
  const place = configuredStore() ?? path;
  if (options.json === true) return printJson(console, reinstatedStoreSchema, { place, mark });
  console.print(`${place} has the mark ${mark} again. Start its workers: open runs make anew what was lost.`);
}
