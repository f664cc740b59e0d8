import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { programNames } from '../../../bench/s3/executables.js';
import { S3Server } from '../../../bench/s3/s3-server.js';
import { FolderObjects } from '../../../store/objects/folder-objects.js';
import { leastPartBytes } from '../../../store/s3/uploads.js';
import { S3Objects } from '../../../store/s3/s3-objects.js';
import { describeObjectStore } from './object-store-suite.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-object-stores-'));
const servers: S3Server[] = [];
afterAll(async () => {
  for (const server of servers) await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

describeObjectStore('a folder', () => ({ open: () => new FolderObjects(join(folder, 'folder')) }));

for (const program of programNames) {
  const server = await S3Server.start(program, join(folder, program)).catch((error: Error) => error);
  if (server instanceof Error) {
    describe.skip(`S3 of ${program} (skipped: ${server.message})`, () => it('is tried', () => undefined));
    continue;
  }
  servers.push(server);
  await server.makeBucket('shared-store');
  const address = { bucket: 'shared-store', prefix: 'a/place/' };
  describeObjectStore(`S3 of ${program}`, () => ({
    open: () => new S3Objects(address, { client: server.settings, partBytes: leastPartBytes }),
    writesUnguarded: program === 'moto',
  }));
}
