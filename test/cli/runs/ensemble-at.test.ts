import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensembleAt } from '../../../cli/runs/ensemble-at.js';
import { workdirAt } from '../../../cli/workdir.js';
import { sampleReport } from '../../report/sample.js';

const { result } = sampleReport();
let workdir = '';
const run = (name: string): string => join(workdir, 'runs', name);

beforeAll(async () => {
  workdir = await mkdtemp(join(tmpdir(), 'foldwise-ensemble-'));
  for (const name of ['first', 'unfinished', 'no-run']) await mkdir(run(name), { recursive: true });
  await writeFile(join(run('first'), 'result.json'), JSON.stringify({ ...result, run: 'first' }));
  await writeFile(join(run('unfinished'), 'events.ndjson'), '');
});
afterAll(() => rm(workdir, { recursive: true }));

describe('an ensemble is named', () => {
  const at = (name: string) => ensembleAt(name, workdirAt(workdir));

  it('by its run and by the folder that it lies in', async () => {
    for (const name of ['first', run('first'), `${run('first')}/`, relative('.', run('first'))]) {
      const { run: id, definition } = await at(name);
      expect([id, definition.labels], name).toEqual(['first', result.labels]);
      expect(definition.members[0]!.models[0]!.folder, name).toBe(join(run('first'), 'models', '1'));
    }
  });

  it('or it is told what is there in its place', async () => {
    await expect(at('frist')).rejects.toThrow(/run frist: there is no such run.*Did you mean first\?/s);
    await expect(at(run('frist'))).rejects.toThrow(/frist: there is no such folder.*exported ensemble/s);
    await expect(at('unfinished')).rejects.toThrow(/this run has no result.*not completed/s);
    await expect(at(run('no-run'))).rejects.toThrow(/there is no ensemble in this folder/);
    // A folder's name without a slash.
    await expect(at('test')).rejects.toThrow(/test: there is no ensemble in this folder/);
  });
});
