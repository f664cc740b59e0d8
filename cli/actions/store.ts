import { resolve } from 'node:path';
import { amount, count } from '../../report/notation.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { uriOfTable } from '../../store/stored-tables.js';
import { openStorePlace } from '../../worker/store-place.js';
import { openStoredTables } from '../../worker/table-files.js';
import {
  storedAmountsSchema,
  storedObjectsSchema,
  storedTableSchema,
  verifiedStoreSchema,
} from '../facts/store.js';
import { CommandFailure } from '../failure.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { kindNames, objectsOf } from '../../store/kinds.js';
import { verifyArtifacts } from '../store/verification.js';
import { printJson, type Console } from '../terminal/console.js';
import { tableLines } from '../terminal/table.js';
import { workdirAt, writableWorkdir } from '../workdir.js';

type Options = GlobalOptions & JsonOption;

export async function ls(console: Console, options: Options, prefix: string | undefined): Promise<void> {
  const objects = storeOf(options);
  const found = [];
  for await (const { name, bytes, modified } of objectsOf(objects)) {
    if (prefix === undefined || name.startsWith(prefix))
      found.push({ name, bytes, modified: new Date(modified).toISOString() });
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (options.json === true)
    return printJson(console, storedObjectsSchema, { place: objects.place, objects: found });
  const lines = found.map(({ name, bytes, modified }) => [name, amount(bytes), modified.slice(0, 19)]);
  for (const line of tableLines(lines)) console.print(line);
}

export async function du(console: Console, options: Options): Promise<void> {
  const objects = storeOf(options);
  const amounts = new Map(kindNames.map((kind) => [kind, { kind, objects: 0, bytes: 0 }]));
  const all = { objects: 0, bytes: 0 };
  for await (const { kind, bytes } of objectsOf(objects)) {
    for (const sum of [amounts.get(kind)!, all]) {
      sum.objects++;
      sum.bytes += bytes;
    }
  }
  const kinds = [...amounts.values()];
  if (options.json === true)
    return printJson(console, storedAmountsSchema, { place: objects.place, kinds, ...all });
  const lines = [...kinds, { kind: 'all', ...all }].map((sum) => [
    sum.kind,
    count(sum.objects),
    amount(sum.bytes),
  ]);
  for (const line of tableLines([['', 'objects', 'size'], ...lines])) console.print(line);
}

/** Stores a file as a table that pipelines can name. */
export async function put(console: Console, options: Options, file: string): Promise<void> {
  const workdir = await writableWorkdir(options.workdir);
  const table = await openStoredTables(workdir.path).put(resolve(file));
  const uri = uriOfTable(table);
  if (options.json === true) return printJson(console, storedTableSchema, { uri, sha256: table.sha256 });
  console.print(uri);
}

export async function verify(console: Console, options: Options): Promise<void> {
  const objects = storeOf(options);
  const found = await verifyArtifacts(objects);
  const { artifacts, bytes, damaged } = found;
  if (options.json === true) printJson(console, verifiedStoreSchema, { place: objects.place, ...found });
  else {
    for (const { name, sha256 } of damaged)
      console.print(`${name} is damaged: its bytes have the SHA-256 ${sha256}`);
    const sound = count(artifacts - damaged.length);
    console.print(`${sound} of ${count(artifacts)} artifacts (${amount(bytes)}) are sound`);
  }
  if (damaged.length > 0) {
    throw new CommandFailure(
      `damaged: ${damaged.length}. A run that needs one sets it aside, and what made it runs again`,
    );
  }
}

function storeOf({ workdir }: Options): ObjectStore {
  return openStorePlace(workdirAt(workdir).path).objects;
}
