import { execFile, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../store/cache-root.js';
import { built, canRun, withoutBuild } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';

const execute = promisify(execFile);
const minutes = 60_000;
const pnpm = 'pnpm@10.34.8';

const { version, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  devDependencies: Readonly<Record<string, string>>;
};
const tarball = `foldwise-${version}.tgz`;

/** Runs a program in a folder. What an npm above says of its own project is not for the one below. */
async function run(cwd: string, program: string, ...args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    npm_config_local_prefix: undefined,
    npm_package_json: undefined,
    INIT_CWD: undefined,
  };
  const { stdout } = await execute(program, args, { cwd, env, maxBuffer: 64 << 20 });
  return stdout;
}

interface Packed {
  readonly files: readonly { readonly path: string }[];
  readonly size: number;
  readonly unpackedSize: number;
}

describe.skipIf(!built)(`npm pack${withoutBuild}`, { timeout: 2 * minutes }, () => {
  it('takes what is needed and nothing else', async () => {
    const [packed] = JSON.parse(await run('.', 'npm', 'pack', '--dry-run', '--json')) as [Packed];
    const paths = packed.files.map(({ path }) => path);
    const bundled = JSON.parse(readFileSync('dist/bundle/modules.json', 'utf8')) as Record<string, string[]>;
    const modules = paths.filter((path) => /^dist\/(?!workflows\/bundles\/|bundle\/).*\.js$/.test(path));
    expect(paths).toEqual(
      expect.arrayContaining([
        'dist/cli/main.js',
        'dist/worker/trainer-child.js',
        'dist/workflows/index.js',
        'dist/engine/kernels/kernels.wasm',
        ...['index', 'pipeline', 'workflows', 'activities'].flatMap((name) => [
          `dist/library/${name}.js`,
          `dist/library/${name}.d.ts`,
        ]),
        'docs/library.md',
      ]),
    );
    // Each module has its types and its source; nothing is left of an earlier build.
    const rest = new Set(paths);
    for (const path of modules) {
      rest.delete(path);
      rest.delete(path.replace(/\.js$/, '.d.ts'));
      expect(existsSync(path.replace(/^dist\//, '').replace(/\.js$/, '.ts')), path).toBe(true);
      expect(path).not.toMatch(/^dist\/(?:bench|test|examples)\/|\.test\./);
    }
    // Each file of the bundle is of this build, and so is what it was joined from.
    expect(paths.filter((path) => path.startsWith('dist/bundle/')).sort()).toEqual(
      ['LICENSES.txt', ...Object.keys(bundled)].map((name) => `dist/bundle/${name}`).sort(),
    );
    const packages = /^node_modules\/(commander|csv-parse|yaml|zod)\//;
    for (const path of Object.values(bundled).flat())
      if (!packages.test(path)) expect(modules).toContain(path);
    for (const name of Object.keys(bundled)) rest.delete(`dist/bundle/${name}`);
    const others = [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/bundle/LICENSES.txt',
      'dist/engine/device/cuda/kernels/adamw.ptx',
      'dist/engine/device/cuda/kernels/dropout.ptx',
      'dist/engine/device/cuda/kernels/gradient-norm.ptx',
      'dist/engine/kernels/kernels.wasm',
      'dist/payloads/encoded-failures.cjs',
      'dist/workflows/bundles/encrypted.js',
      'dist/workflows/bundles/plain.js',
      'package.json',
    ];
    expect([...rest].filter((path) => !/^docs\/[\w-]+\.md$/.test(path)).sort()).toEqual(others);
    expect(packed.size).toBeLessThan(2.8e6);
    expect(packed.unpackedSize).toBeLessThan(11.5e6);
  });
});

/** Whether the registry answers; the server that runs need is another matter. */
const registry =
  canRun && spawnSync('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=15000']).status === 0;
const why = registry ? '' : ' (skipped: no build, no Temporal server, or no npm registry)';

describe.skipIf(!registry)(`the package, installed into an empty project${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-package-'));
  const small = new SmallProject();
  const project = (name: string): string => mkdtempSync(join(folder, `${name}-`));
  const write = (cwd: string, name: string, content: string): void => writeFileSync(join(cwd, name), content);

  /** Run by whatever is installed there. */
  const predicting = `
    import { InputFault, loadEnsemble } from 'foldwise';
    const ensemble = await loadEnsemble(process.argv[2]);
    const [{ probabilities }] = await ensemble.predict(['glad']);
    await ensemble.close();
    const missing = await loadEnsemble('nowhere').catch((error) => error instanceof InputFault);
    const inner = await import('foldwise/dist/cli/main.js').catch(({ code }) => code);
    console.log(Object.keys(probabilities).join(' '), missing, inner);`;
  const predicted = 'joy fear true ERR_PACKAGE_PATH_NOT_EXPORTED\n';

  beforeAll(async () => {
    await run('.', 'npm', 'pack', '--pack-destination', folder);
  }, 2 * minutes);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(small.folder, { recursive: true, force: true });
  });

  it(
    'by npm trains, predicts, and has types',
    async () => {
      const cwd = project('npm');
      write(cwd, 'package.json', '{ "private": true, "type": "module" }');
      const types = ['typescript', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
      const quietly = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
      await run(cwd, 'npm', 'install', join(folder, tarball), ...types, ...quietly);

      expect(await run(cwd, 'npx', '--no-install', 'foldwise', '--version')).toBe(`${version}\n`);
      const set = ['--set', 'training.epochs=1'];
      await run(cwd, 'npx', '--no-install', 'foldwise', 'run', small.pipeline, '--workdir', cwd, ...set);
      const ran = join('runs', readdirSync(join(cwd, 'runs'))[0]!);
      write(cwd, 'predict.mjs', predicting);
      expect(await run(cwd, process.execPath, 'predict.mjs', ran)).toBe(predicted);

      write(
        cwd,
        'require.cjs',
        "const { loadEnsemble } = require('foldwise'); console.log(typeof loadEnsemble);",
      );
      expect(await run(cwd, process.execPath, 'require.cjs')).toBe('function\n');

      copyFileSync('examples/library/typed.ts', join(cwd, 'typed.ts'));
      write(
        cwd,
        'wrong.ts',
        `import { loadEnsemble } from 'foldwise';
         // @ts-expect-error the folder is missing
         void loadEnsemble();
         // @ts-expect-error a text is a string
         void (await loadEnsemble('run')).predict([1]);
         // @ts-expect-error there is no such entry
         export type { Nothing } from 'foldwise/nothing';`,
      );
      const options = '--noEmit --strict --module nodenext --target es2022 --skipLibCheck --types node'.split(
        ' ',
      );
      const compiler = join(cwd, 'node_modules/typescript/lib/tsc.js');
      expect(await run(cwd, process.execPath, compiler, ...options, 'typed.ts', 'wrong.ts')).toBe('');
    },
    15 * minutes,
  );

  it(
    'by pnpm trains and predicts, where no package sees what it does not name',
    async () => {
      const cwd = project('pnpm');
      write(cwd, 'package.json', '{ "private": true, "type": "module" }');
      const byPnpm = (...args: readonly string[]) => run(cwd, 'npx', '--yes', pnpm, ...args);
      // Kept for this user, as npm keeps what it fetched; pnpm's own place is that of the temporary files' disk.
      const store = join(cacheRoot(), 'pnpm-store');
      await byPnpm('add', join(folder, tarball), '--store-dir', store, '--prefer-offline');
      const set = ['--set', 'training.epochs=1'];
      await byPnpm('exec', 'foldwise', 'run', small.pipeline, '--workdir', cwd, ...set);
      write(cwd, 'predict.mjs', predicting);
      const ran = join('runs', readdirSync(join(cwd, 'runs'))[0]!);
      expect(await run(cwd, process.execPath, 'predict.mjs', ran)).toBe(predicted);
    },
    15 * minutes,
  );
});
