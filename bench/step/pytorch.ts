import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratchFamily } from '../../engine/models/families.js';
import { root } from '../root.js';
import type { Network } from './networks.js';
import { miniLmFolder } from './sample.js';

const script = join(root, 'bench/pytorch_step.py');

/** A Python that has what the other side needs, or why there is none. */
export type Python = { readonly command: string; readonly torch: string } | { readonly missing: string };

/** How batches are padded there: to 128, as the notebook does, or to the longest text of the batch. */
export const pyTorchModes = ['padded128', 'longest'] as const;

const probe = 'import torch, transformers; print(torch.__version__)';

export async function findPython(command: string): Promise<Python> {
  try {
    const { stdout } = await promisify(execFile)(command, ['-c', probe]);
    return { command, torch: stdout.trim() };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') return { missing: `there is no '${command}'` };
    return { missing: `'${command}' says: ${stderr?.trim().split('\n').at(-1) ?? String(code)}` };
  }
}

export interface PyTorchRun {
  readonly mode: (typeof pyTorchModes)[number];
  readonly network: Network;
  readonly batches: string;
  /** A folder for a configuration, where the network has no folder of its own. */
  readonly directory: string;
  readonly steps: number;
  readonly threads: number;
}

/** What pytorch_step.py is called with. */
export async function pyTorchArguments(run: PyTorchRun): Promise<string[]> {
  return [
    ...[script, 'train', '--interleave', '--mode', run.mode],
    ...['--model', await modelArgument(run)],
    ...['--batches', run.batches],
    ...['--steps', String(run.steps)],
    ...['--threads', String(run.threads)],
  ];
}

async function modelArgument({ network, directory }: PyTorchRun): Promise<string> {
  if (network.name === 'deberta-v3-base') return network.name;
  const weights = network.name === 'minilm' ? miniLmFolder() : null;
  return weights ?? configurationFolder(network, directory);
}

/** A folder with a configuration alone: pytorch_step.py gives it random weights. */
async function configurationFolder({ name, type, sizes }: Network, directory: string): Promise<string> {
  const folder = join(directory, name);
  await mkdir(folder, { recursive: true });
  const config = scratchFamily(type).scratchConfig(sizes);
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}
