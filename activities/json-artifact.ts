import type { ArtifactRef, ArtifactStore } from '../store/store.js';

export async function readJson<T>(store: ArtifactStore, ref: ArtifactRef): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await store.getBytes(ref))) as T;
}

export async function putText(store: ArtifactStore, text: string): Promise<ArtifactRef> {
  return store.putBytes(new TextEncoder().encode(text));
}

export async function putJson(store: ArtifactStore, value: unknown): Promise<ArtifactRef> {
  return putText(store, JSON.stringify(value));
}

/** Raw little-endian float32. */
export async function putFloats(store: ArtifactStore, values: Float32Array): Promise<ArtifactRef> {
  const bytes = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => bytes.setFloat32(index * 4, value, true));
  return store.putBytes(new Uint8Array(bytes.buffer));
}

/** Raw little-endian float32. */
export async function readFloats(store: ArtifactStore, ref: ArtifactRef): Promise<Float32Array> {
  const bytes = await store.getBytes(ref);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}
