/** Changes whenever the engine may give other bits for the same fold: part of keys and checkpoints. */
export const ENGINE_VERSION = '2';

/** What a checkpoint's bits depend on besides the fold's inputs. @param device the signature of what computes */
export function engineSignature(device: string): string {
  return `engine ${ENGINE_VERSION}, ${device}`;
}
