import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keysFileVariable, newKeyLine } from '../../payloads/encryption-keys.js';
import { canRun, foldwise, withoutRuns } from './built-command-line.js';
import { SmallProject } from './small-project.js';

describe.skipIf(!canRun)(`commands with encryption keys${withoutRuns}`, () => {
  const project = new SmallProject();
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it('leave nothing on the server but the name of the pipeline: no path, setting, label or name of a table', async () => {
    const env = { [keysFileVariable]: project.write('keys.txt', newKeyLine('2026')) };
    const workdir = ['--workdir', project.workdir];
    const run = await foldwise(['run', project.pipeline, ...workdir, '--set', 'training.epochs=2'], env);
    expect(run.code, run.err).toBe(0);
    const table = project.write('patients.csv', 'id,text\na,glad calm\nb,grey dread\n');
    const score = await foldwise(['score', 'latest', table, ...workdir], env);
    expect(score.code, score.err).toBe(0);
    const state = join(project.workdir, '.foldwise');
    const files = readdirSync(state).filter((name) => name.startsWith('temporal.'));
    const bytes = Buffer.concat(files.map((name) => readFileSync(join(state, name))));
    expect(bytes.includes('small-')).toBe(true);
    expect(bytes.includes('score-')).toBe(true);
    const hidden = [basename(project.folder), 'train.csv', 'patients', 'learningRate', 'deberta', '"joy"'];
    expect(hidden.filter((words) => bytes.includes(words))).toEqual([]);
  }, 300_000);
});
