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

/** How a file is taken in. */
export interface TakeOptions {
  /** Whether it may be renamed into the store instead of being copied. */
  readonly move?: boolean;
  /** Of its bytes, by whoever hashed them while writing them: they are not read for it again. */
  readonly sha256?: string;
}

/** Content-addressed files. Every write is whole or not at all, every read is verified by hash. */
export interface ArtifactStore {
  putBytes(bytes: Uint8Array): Promise<ArtifactRef>;
  /** Takes a file in. */
  putFile(path: string, options?: TakeOptions): Promise<ArtifactRef>;
  /** @throws ArtifactMissing, ArtifactDamaged */
  getBytes(ref: ArtifactRef): Promise<Uint8Array>;
  /** A verified local path with the artifact's bytes; read-only. */
  localPath(ref: ArtifactRef): Promise<string>;
  has(ref: ArtifactRef): Promise<boolean>;
}
