import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { S3Server } from '../../../bench/s3/s3-server.js';
import { openStorePlace } from '../../../worker/store-place.js';
import { describeStoreCommands } from './store-suite.js';

const day = 24 * 3_600;

/** Sets the times of all files below a folder. */
function ageAll(folder: string, days: number): void {
  const then = Date.now() / 1000 - days * day;
  for (const path of readdirSync(folder, { recursive: true }).map(String)) {
    const file = join(folder, path);
    if (existsSync(file) && statSync(file).isFile()) utimesSync(file, then, then);
  }
}

describeStoreCommands('a folder', () => ({
  place: (workdir) => join(workdir, '.foldwise'),
  open: (workdir) => {
    // Files of the machine lie beside what is stored.
    mkdirSync(join(workdir, '.foldwise'), { recursive: true });
    writeFileSync(join(workdir, '.foldwise', 'server.log'), 'a log');
    return openStorePlace(workdir, { store: null });
  },
  options: [],
  environment: {},
  spoil: (workdir, name) => {
    const path = join(workdir, '.foldwise', name);
    chmodSync(path, 0o644);
    writeFileSync(path, 'two');
  },
  age: (workdir, days) => ageAll(join(workdir, '.foldwise'), days),
}));

const folder = mkdtempSync(join(tmpdir(), 'foldwise-store-commands-'));
const server = await S3Server.start('versitygw', folder).catch((error: Error) => error);
afterAll(async () => {
  if (server instanceof S3Server) await server.kill();
  rmSync(folder, { recursive: true, force: true });
});
const store = 's3://commanded/a/place';
if (server instanceof S3Server) {
  await server.makeBucket('commanded');
  describeStoreCommands('S3', () => ({
    place: () => store,
    open: (workdir) => openStorePlace(workdir, { store }),
    options: ['--store', store],
    environment: server.environment,
    spoil: (_workdir, name) => writeFileSync(join(folder, 'commanded', 'a', 'place', name), 'two'),
    age: (_workdir, days) => ageAll(join(folder, 'commanded'), days),
  }));
} else {
  describe.skip(`foldwise store on S3 (skipped: ${server.message})`, () => it('is tried', () => undefined));
}
