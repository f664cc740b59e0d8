import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { built, withoutBuild } from '../cli/built-command-line.js';

/**
 * The public interface: a name that goes, or means something else, is a major version; one that comes a minor one. Of
 * `foldwise/workflows`, whatever is exported is a workflow type.
 */
const names: Readonly<Record<string, readonly string[]>> = {
  '.': ['EnvironmentFault', 'Fault', 'InputFault', 'loadEnsemble'],
  './pipeline': [
    'EnvironmentFault',
    'Fault',
    'InputFault',
    'RunFault',
    'resolvePipeline',
    'runPipeline',
    'startRun',
  ],
  './workflows': ['pipeline', 'score'],
  './activities': ['createActivities', 'createServices', 'workerSettings'],
};

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};

describe.skipIf(!built)(`what the package exports${withoutBuild}`, { timeout: 60_000 }, () => {
  it('is these entry points and package.json, each with its types', () => {
    expect(Object.keys(exports)).toEqual([...Object.keys(names), './package.json']);
    for (const entry of Object.keys(names)) {
      const { types, default: script } = exports[entry] as { types: string; default: string };
      expect(readFileSync(types, 'utf8')).toContain('export');
      expect(types).toBe(script.replace(/\.js$/, '.d.ts'));
    }
  });

  it.each(Object.keys(names))('of %s is these names', async (entry) => {
    const { default: script } = exports[entry] as { default: string };
    const found = (await import(pathToFileURL(join(process.cwd(), script)).href)) as object;
    expect(Object.keys(found).sort()).toEqual(names[entry]);
  });

  it('are the same classes in each entry, so that instanceof holds', async () => {
    const load = async (name: string) =>
      (await import(pathToFileURL(join(process.cwd(), 'dist/library', name)).href)) as Record<
        string,
        unknown
      >;
    const [prediction, training] = [await load('index.js'), await load('pipeline.js')];
    for (const name of ['Fault', 'InputFault', 'EnvironmentFault'])
      expect(training[name]).toBe(prediction[name]);
  });
});
