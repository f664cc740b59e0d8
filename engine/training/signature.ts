import type { ComputePrecision } from '../precision/precision.js';

/** Changes whenever the engine may give other bits for the same fold: part of keys and checkpoints. */
export const ENGINE_VERSION = '2';

/** What a checkpoint's bits depend on besides the fold's inputs. @param device the signature of what computes */
export function engineSignature(device: string): string {
  return `engine ${ENGINE_VERSION}, ${device}`;
}

/** The same of what is computed in a precision: one in float32 is what it was before there were others. */
export function signatureIn(precision: ComputePrecision, signature: string): string {
  return precision === 'float32' ? signature : `${signature}, ${precision}`;
}
