import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processor, type DeviceName } from '../../engine/device/device.js';
import { root } from '../root.js';
import { maxLength } from './models.js';

/** Where the other sides are found. */
export interface Peers {
  readonly python: string;
  /** A folder in whose `node_modules` transformers.js is. */
  readonly transformersJs: string;
}

export const sideNames = [
  'ours',
  'server',
  'int8',
  'pytorch',
  'pytorch-sorted',
  'onnxruntime',
  'onnxruntime-optimizer',
  'transformers.js',
] as const;

export type SideName = (typeof sideNames)[number];

export const titles: Readonly<Record<SideName, string>> = {
  ours: 'foldwise, library',
  server: 'foldwise, server',
  int8: 'foldwise, int8',
  pytorch: 'PyTorch, padded to the longest',
  'pytorch-sorted': 'PyTorch, sorted by length',
  onnxruntime: 'ONNX Runtime, our export',
  'onnxruntime-optimizer': 'ONNX Runtime, export fused',
  'transformers.js': 'transformers.js',
};

export interface SideCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

export interface SideRequest {
  readonly folder: string;
  /** A JSON file of the texts. */
  readonly texts: string;
  readonly threads: number;
  /** What ours computes on. */
  readonly device: DeviceName;
  readonly peers: Peers;
}

/** How a side is started, or why there is none. */
export function sideCommand(
  name: SideName,
  request: SideRequest,
): SideCommand | { readonly missing: string } {
  const { folder, texts, threads, device, peers } = request;
  const given = [folder, texts, String(threads), String(maxLength)];
  if (name === 'transformers.js') {
    const place = join(peers.transformersJs, 'node_modules/@huggingface/transformers');
    if (!existsSync(place)) return { missing: `no @huggingface/transformers in ${peers.transformersJs}` };
    const script = join(root, 'bench/predict/transformers_js.mjs');
    return { command: process.execPath, args: [script, ...given], cwd: peers.transformersJs };
  }
  if (name === 'int8' && device !== processor) return { missing: 'a card has no kernels for 8 bits' };
  if (name === 'ours' || name === 'server' || name === 'int8') {
    const options = ['--folder', folder, '--texts', texts, '--threads', String(threads)];
    if (name === 'server') options.push('--server');
    options.push('--device', device);
    if (name === 'int8') options.push('--precision', 'int8');
    return {
      command: process.execPath,
      args: [fileURLToPath(new URL('./ours.js', import.meta.url)), ...options],
    };
  }
  return { command: peers.python, args: [join(root, 'bench/predict/peers.py'), name, ...given] };
}
