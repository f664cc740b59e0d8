import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ended } from '../cli/built-command-line.js';

const dist = join(process.cwd(), 'dist');

/** What a program of the build has loaded by its end. */
export interface Loaded {
  readonly code: number | null;
  readonly err: string;
  readonly files: readonly string[];
  /** Ours, relative to `dist`. */
  readonly ours: readonly string[];
  /** Names of packages, in their order; without those that hold a package's native code. */
  readonly packages: readonly string[];
}

const bundle = join(dist, 'bundle');

/** The modules that a file of the command line's bundle was joined from; of another file, itself. */
function modulesOf(file: string): readonly string[] {
  if (dirname(file) !== bundle) return [file];
  const all = JSON.parse(readFileSync(join(bundle, 'modules.json'), 'utf8')) as Record<string, string[]>;
  const modules = all[basename(file)];
  if (modules === undefined) throw new Error(`${file} is of no bundle that the build knows`);
  return modules.map((module) => join(process.cwd(), module));
}

/** Runs a program of the build: what is loaded are modules as Node's hooks see them, and what these require. */
export async function loadedFiles(entry: string, ...args: readonly string[]): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-modules-'));
  try {
    const list = join(folder, 'files');
    writeFileSync(list, '');
    const hooks = join(folder, 'hooks.mjs');
    writeFileSync(
      hooks,
      `import { appendFileSync } from 'node:fs';
       export async function load(url, context, next) {
         const loaded = await next(url, context);
         if (url.startsWith('file:')) appendFileSync(${JSON.stringify(list)}, url + '\\n');
         return loaded;
       }`,
    );
    const watch = join(folder, 'watch.mjs');
    writeFileSync(
      watch,
      `import { appendFileSync } from 'node:fs';
       import { createRequire, register } from 'node:module';
       import { pathToFileURL } from 'node:url';
       register(${JSON.stringify(pathToFileURL(hooks).href)});
       process.on('exit', () => {
         const required = Object.keys(createRequire(import.meta.url).cache);
         appendFileSync(${JSON.stringify(list)}, required.map((file) => pathToFileURL(file).href + '\\n').join(''));
       });`,
    );
    const program = ['--import', pathToFileURL(watch).href, join(dist, entry), ...args];
    const { code, err } = await ended(process.execPath, program);
    const urls = readFileSync(list, 'utf8').trim().split('\n');
    const files = [...new Set(urls)]
      .map((url) => decodeURIComponent(new URL(url).pathname))
      .flatMap(modulesOf);
    const names = files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    return {
      code,
      err,
      files,
      ours: files.filter((file) => file.startsWith(`${dist}${sep}`)).map((file) => relative(dist, file)),
      packages: [...new Set(names)]
        .filter((name) => !/^(?:@koromix\/koffi|tokenizers-|@tokenizers\/)/.test(name))
        .sort(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
