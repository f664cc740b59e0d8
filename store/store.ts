/** A file of an artifact store, named by what is in it. What travels between activities. */
export interface ArtifactRef {
  readonly uri: string;
  /** Lower-case hex SHA-256 of the bytes. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Content-addressed files. Every write is whole or not at all, every read is verified by hash. */
export interface ArtifactStore {
  putBytes(bytes: Uint8Array): Promise<ArtifactRef>;
  /** Takes a file in; `move` may rename it into the store instead of copying it. */
  putFile(path: string, options?: { move?: boolean }): Promise<ArtifactRef>;
  /** @throws ArtifactMissing, ArtifactDamaged */
  getBytes(ref: ArtifactRef): Promise<Uint8Array>;
  /** A verified local path with the artifact's bytes; read-only. */
  localPath(ref: ArtifactRef): Promise<string>;
  has(ref: ArtifactRef): Promise<boolean>;
}
