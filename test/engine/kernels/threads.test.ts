import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const folder = mkdtempSync(path.join(tmpdir(), 'foldwise-threads-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The kernels as plain JavaScript, as they are when built: a process of their own runs them. */
beforeAll(() => {
  mkdirSync(path.join(folder, 'engine/kernels'), { recursive: true });
  mkdirSync(path.join(folder, 'errors'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  for (const file of [
    'errors/capped',
    'errors/fault',
    'engine/kernels/arena',
    'engine/kernels/kernels',
    'engine/kernels/threads',
  ]) {
    const source = readFileSync(path.join(root, `${file}.ts`), 'utf8');
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    writeFileSync(
      path.join(folder, `${file}.js`),
      ts.transpileModule(source, { compilerOptions }).outputText,
    );
  }
  copyFileSync(
    path.join(root, 'engine/kernels/kernels.wasm'),
    path.join(folder, 'engine/kernels/kernels.wasm'),
  );
});

function runProgram(end: string) {
  const program = path.join(folder, 'program.js');
  writeFileSync(
    program,
    `import { Arena } from './engine/kernels/arena.js';
     import { Kernels } from './engine/kernels/kernels.js';
     const arena = Arena.create(4 * 300_000);
     const kernels = await Kernels.open(arena, 3);
     const view = arena.allocate(300_000);
     kernels.fill(view, 2);
     console.log(kernels.sumOfSquares(view));
     ${end}`,
  );
  return spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 10_000 });
}

describe('the threads of a process', () => {
  it.each([
    ['whose kernels are closed let it end', 'await kernels.close();', 0],
    ['whose kernels are left open let it end', '', 0],
    ['that exits end with it', 'process.exit(3);', 3],
    ['that fails end with it', "throw new Error('on purpose');", 1],
  ])('%s', (_, end, status) => {
    const result = runProgram(end);
    expect(result.stdout).toBe('1200000\n');
    expect(result.signal).toBeNull();
    expect(result.status).toBe(status);
  });
});
