import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { DeviceName } from '../../../engine/device/device.js';

/**
 * Bytes that this process has on a card of CUDA, by its driver: the context and the kernels of the libraries are in it.
 * Null where nobody tells, as in a container with process numbers of its own.
 */
export async function bytesOnCard(name: DeviceName, pid = process.pid): Promise<number | null> {
  if (!name.startsWith('cuda:')) return null;
  const card = name.slice('cuda:'.length);
  const query = ['--id', card, '--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'];
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: 10_000 });
    const line = stdout.split('\n').find((each) => Number.parseInt(each, 10) === pid);
    const mebibytes = Number(line?.split(',')[1]);
    return Number.isFinite(mebibytes) ? mebibytes * 2 ** 20 : null;
  } catch {
    return null;
  }
}
