import { InputFault } from '../../errors/fault.js';
import { openWeightFile, readBytes } from './stored-tensor.js';

/** Far above what foldwise writes there, far below what would hurt. */
const MOST_BYTES = 16 << 20;

/** The `__metadata__` of a safetensors file. @throws InputFault where the header is not one */
export async function readSafetensorsMetadata(path: string): Promise<Readonly<Record<string, string>>> {
  const file = await openWeightFile(path);
  try {
    const length = file.bytes < 8 ? Infinity : Number((await readBytes(file, 0, 8)).readBigUInt64LE());
    if (length > Math.min(MOST_BYTES, file.bytes - 8)) throw damaged(path);
    const header: unknown = JSON.parse((await readBytes(file, 8, length)).toString('utf8'));
    const metadata = (header as { __metadata__?: Record<string, string> }).__metadata__;
    if (metadata === undefined) throw damaged(path);
    return metadata;
  } catch (error) {
    throw error instanceof SyntaxError ? damaged(path) : error;
  } finally {
    await file.handle.close();
  }
}

function damaged(path: string): InputFault {
  return new InputFault({ where: path, what: 'the safetensors header is damaged or has no metadata' });
}
