import type { ArtifactRef, ArtifactStore } from '../store/store.js';

export async function putText(store: ArtifactStore, text: string): Promise<ArtifactRef> {
  return store.putBytes(new TextEncoder().encode(text));
}

export async function putJson(store: ArtifactStore, value: unknown): Promise<ArtifactRef> {
  return putText(store, JSON.stringify(value));
}
