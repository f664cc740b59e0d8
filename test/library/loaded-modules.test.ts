import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { built, ended, withoutBuild } from '../cli/built-command-line.js';

const dist = join(process.cwd(), 'dist');
const folder = mkdtempSync(join(tmpdir(), 'foldwise-modules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every file that Node loads for an import: modules as its hooks see them, and what these require. */
async function loadedBy(entry: string): Promise<string[]> {
  const hooks = `data:text/javascript,${encodeURIComponent(`
    import { writeSync } from 'node:fs';
    export async function load(url, context, next) {
      const loaded = await next(url, context);
      if (url.startsWith('file:')) writeSync(1, url + '\\n');
      return loaded;
    }`)}`;
  const script = join(folder, 'load.mjs');
  writeFileSync(
    script,
    `import { createRequire, register } from 'node:module';
     import { pathToFileURL } from 'node:url';
     register(${JSON.stringify(hooks)});
     await import(${JSON.stringify(pathToFileURL(entry).href)});
     for (const file of Object.keys(createRequire(import.meta.url).cache)) console.log(pathToFileURL(file).href);`,
  );
  const { code, out, err } = await ended(process.execPath, [script]);
  expect([code, err]).toEqual([0, '']);
  return [...new Set(out.trim().split('\n'))].map((url) => decodeURIComponent(new URL(url).pathname));
}

describe.skipIf(!built)(`what an import of foldwise loads${withoutBuild}`, { timeout: 120_000 }, () => {
  it('is what prediction needs: neither Temporal nor the trainer, the report or the commands', async () => {
    const files = await loadedBy(join(dist, 'library/index.js'));
    const packages = files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    const others = [...new Set(packages)].filter(
      (name) => !/^(?:@koromix\/koffi|tokenizers-|@tokenizers\/)/.test(name),
    );
    expect(others.sort()).toEqual(['koffi', 'tokenizers', 'yaml', 'zod']);
    const ours = files.filter((file) => file.startsWith(`${dist}${sep}`)).map((file) => relative(dist, file));
    const forbidden =
      /^(?:cli|workflows|report|bench|infra|data\/csv|engine\/(?:training|optim|losses|schedules|autodiff|kernels|export)|worker\/(?!machine))/;
    expect(ours.filter((file) => forbidden.test(file))).toEqual([]);
    expect(ours).toContain('library/index.js');
    expect(ours.length).toBeLessThan(300);
    expect(files.length).toBeLessThan(600);
  });
});
