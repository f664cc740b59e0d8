import { z } from 'zod';

const hash = /^[0-9a-f]{64}$/;

/** A SHA-256 in lower-case hex: of bytes, or the key of a step. */
export const sha256Schema = z.string().regex(hash);

export const artifactRefSchema = z
  .object({
    uri: z.string().max(100),
    /** Lower-case hex SHA-256 of the bytes. */
    sha256: sha256Schema,
    bytes: z.int().min(0),
  })
  .refine(({ uri, sha256 }) => uri === `artifact:sha256/${sha256}`, 'the URI of its own hash');

/** A file of an artifact store, named by what is in it. What travels between activities. */
export type ArtifactRef = Readonly<z.output<typeof artifactRefSchema>>;

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
