// Compiles the WebAssembly kernels and the TypeScript sources into dist/.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleCommandLine } from './command-line-bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: 'inherit' });

/** Files that are read at run time, beside the code that reads them. */
const assets = [
  'engine/kernels/kernels.wasm',
  ...readdirSync(join(root, 'engine/device/cuda/kernels'))
    .filter((name) => name.endsWith('.ptx'))
    .map((name) => `engine/device/cuda/kernels/${name}`),
  'payloads/encoded-failures.cjs',
];

if (existsSync(join(root, 'engine/kernels/assembly/kernels.ts'))) {
  run(bin('asc'), [
    'engine/kernels/assembly/kernels.ts',
    '--outFile',
    'engine/kernels/kernels.wasm',
    '--optimizeLevel',
    '3',
    '--runtime',
    'stub',
    '--noAssert',
    '--importMemory',
    '--sharedMemory',
    '--initialMemory',
    '7',
    '--maximumMemory',
    '65536',
    '--enable',
    'simd',
    '--enable',
    'threads',
    '--use',
    'abort=',
  ]);
}
for (const asset of assets) {
  if (!existsSync(join(root, asset))) continue;
  mkdirSync(join(root, 'dist', dirname(asset)), { recursive: true });
  cpSync(join(root, asset), join(root, 'dist', asset));
}
run(bin('tsc'), ['-p', 'tsconfig.build.json']);

// What an earlier build made of sources that are gone would be packed, and found by imports that should fail.
for (const file of readdirSync(join(root, 'dist'), { recursive: true })) {
  const [source] = file.split(/(?<=.)\.(?:js\.map|d\.ts|js)$/);
  if (source !== file && !existsSync(join(root, `${source}.ts`))) rmSync(join(root, 'dist', file));
}

// Workers would take a second or two to bundle their workflow code.
const { builtBundles, writeBundles } = await import(
  pathToFileURL(join(root, 'dist/worker/workflow-bundle.js')).href
);
await writeBundles(builtBundles, ['plain', 'encrypted']);
await bundleCommandLine(join(root, 'dist'));
