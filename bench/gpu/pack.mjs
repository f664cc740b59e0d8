// Packs all that a machine with a driver and no registry needs to try a card: README.md tells how it is used.
//
//     npm run gpu-archive -- [--out FOLDER]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({ options: { out: { type: 'string', default: 'gpu-archive' } } });
const out = resolve(process.env.INIT_CWD ?? process.cwd(), values.out);

/** Of one file: what can be carried to such a machine in one call is 64 MiB, the script and the sums included. */
const mostBytes = 60 * 2 ** 20;

/** What is packed of the sources: what the tests of devices and the benchmark of a step import, and read. */
const sources = [
  ...[
    'package.json',
    'tsconfig.json',
    'bench',
    'data',
    'engine',
    'ensemble',
    'errors',
    'examples/quickstart',
  ],
  ...[
    'metrics',
    'payloads',
    'pipeline',
    'store',
    'tasks',
    'telemetry',
    'test/engine',
    'test/setup',
    'worker',
  ],
  ...['test/golden/models', 'test/golden/ops', 'test/golden/kernels', 'test/golden/schedules', 'activities'],
  ...['workflows', 'infra'],
];

/** What is packed of the build: what dist/bench/gpu/main.js loads. */
const built = sources
  .filter((path) => existsSync(join(root, 'dist', path)))
  .map((path) => join('dist', path));

/** Packages that these import, each with what it needs in turn. */
const packages = [
  'commander',
  'csv-parse',
  'koffi',
  'onnxruntime-node',
  'tokenizers',
  'vitest',
  'yaml',
  'yauzl',
  'zod',
];

/** Packages that are needed by those, but not here: npm's own loader of the library, which nobody calls. */
const unneeded = new Set(['adm-zip', 'global-agent', 'onnxruntime-common', 'lightningcss', 'playwright']);

const platform = `${process.platform}-${process.arch}`;

if (platform !== 'linux-x64') {
  console.error(`The archive is made on Linux on x64, for the same: this is ${platform}.`);
  process.exit(1);
}
const work = mkdtempSync(join(tmpdir(), 'foldwise-gpu-'));
process.once('exit', () => rmSync(work, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const stage = join(work, 'foldwise');
mkdirSync(join(stage, 'bin'), { recursive: true });
packNode();
packFiles(listed(sources));
for (const folder of built)
  cpSync(join(root, folder), join(stage, folder), { recursive: true, filter: isRunTime });
copy('engine/kernels/kernels.wasm');
for (const name of closure(packages)) packPackage(name);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
run('tar', ['-C', work, '-cf', join(work, 'foldwise.tar'), '--owner=0', '--group=0', 'foldwise']);
run('xz', ['-6', '-T0', join(work, 'foldwise.tar')]);
await pieces(join(work, 'foldwise.tar.xz'));
await packCuda();
for (const script of ['run.sh', 'report.mjs']) {
  copyFileSync(join(root, 'bench/gpu', script), join(out, script));
  await noteSum(script);
}
for (const line of readFileSync(join(out, 'SHA256SUMS'), 'utf8').trim().split('\n')) {
  const name = line.slice(line.lastIndexOf(' ') + 1);
  console.log(`${(statSync(join(out, name)).size / 2 ** 20).toFixed(1).padStart(6)} MiB  ${name}`);
}

/** The one that runs this, without its symbols where there is a program that takes them away. */
function packNode() {
  const node = join(stage, 'bin/node');
  copyFileSync(process.execPath, node);
  try {
    run('strip', [node]);
  } catch {
    console.error('There is no `strip`: the archive has Node with its symbols.');
  }
}

/** What of these is no product of a build. */
function listed(paths) {
  const names = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...paths],
    { cwd: root, encoding: 'utf8' },
  );
  return names.split('\0').filter((name) => name !== '' && existsSync(join(root, name)));
}

function packFiles(names) {
  for (const name of names) copy(name);
}

function copy(name) {
  mkdirSync(dirname(join(stage, name)), { recursive: true });
  copyFileSync(join(root, name), join(stage, name));
}

/** Packages by name, and all that they need; those that are optional where they are there. */
function closure(names) {
  const found = new Set();
  const visit = (name) => {
    const folder = join(root, 'node_modules', name);
    if (found.has(name) || unneeded.has(name) || !existsSync(folder)) return;
    found.add(name);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) visit(needed);
  };
  for (const name of names) visit(name);
  return found;
}

function packPackage(name) {
  const from = join(root, 'node_modules', name);
  cpSync(from, join(stage, 'node_modules', name), { recursive: true, filter: isRunTime });
}

/** Whether a file is read where no types, maps or pages are, on this platform. */
function isRunTime(path) {
  if (/\.(map|md|d\.ts|d\.mts|d\.cts|tsbuildinfo)$/.test(path)) return false;
  // What npm puts there for all platforms.
  if (/onnxruntime-node\/bin\/napi-v\d+\//.test(path)) return !/\/(darwin|win32|arm64)(\/|$)/.test(path);
  if (/tokenizers\.[^/]+\.node$/.test(path)) return path.endsWith('tokenizers.linux-x64-gnu.node');
  return !/onnxruntime_binding\.node$/.test(path);
}

/** The build of ONNX Runtime with CUDA, where `foldwise devices fetch cuda` has put it. */
async function packCuda() {
  const { cudaFolder, locateCudaLibrary } = await import(join(root, 'dist/engine/runtime/cuda-library.js'));
  const folder = cudaFolder();
  try {
    locateCudaLibrary();
  } catch (fault) {
    console.error(`Packed without CUDA. ${fault.message}`);
    return;
  }
  run('tar', [
    '-C',
    dirname(folder),
    '-czf',
    join(work, 'cuda.tar.gz'),
    '--transform',
    's,^[^/]*,cuda,',
    basename(folder),
  ]);
  await pieces(join(work, 'cuda.tar.gz'));
}

/** Puts a file into the folder: whole where it may be, else in pieces. */
async function pieces(file) {
  const { size } = statSync(file);
  const count = Math.ceil(size / mostBytes);
  const from = openSync(file, 'r');
  const buffer = Buffer.alloc(Math.min(size, mostBytes));
  for (let piece = 0; piece < count; piece++) {
    const name = count === 1 ? basename(file) : `${basename(file)}.${String(piece).padStart(2, '0')}`;
    const length = readSync(from, buffer, 0, buffer.length, piece * mostBytes);
    writeFileSync(join(out, name), buffer.subarray(0, length));
    await noteSum(name);
  }
  closeSync(from);
}

/** In the form of `sha256sum`, which checks them on the other side. */
async function noteSum(name) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(out, name))) hash.update(chunk);
  writeFileSync(join(out, 'SHA256SUMS'), `${hash.digest('hex')}  ${name}\n`, { flag: 'a' });
}

function run(command, args) {
  execFileSync(command, args, { stdio: ['ignore', 'inherit', 'pipe'] });
}
