// Compiles the kernels of CUDA into the text that is committed beside them; docs/dependencies.md says what by.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiledKernels, kernelsFolder } from './kernels.js';

const folder = kernelsFolder(pathToFileURL(`${process.cwd()}/`));
for (const [name, ptx] of compiledKernels(folder)) {
  writeFileSync(join(folder, name), ptx);
  console.log(name);
}
