import { locateLibrary, pinnedVersion } from '../../engine/runtime/library.js';
import type { Check } from './check.js';

/** ONNX Runtime's library: there, of the pinned version, and with the bytes it should have. */
export function engineCheck(): Check {
  const name = 'ONNX Runtime';
  try {
    return { name, state: 'fine', found: `${pinnedVersion} at ${locateLibrary()}` };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { name, state: 'missing', found, remedy: 'Install it again with `npm ci`.' };
  }
}
