/** The part of yauzl that is used here; the package has no types of its own. */
declare module 'yauzl' {
  export interface Entry {
    readonly fileName: string;
    readonly compressionMethod: number;
    readonly compressedSize: number;
    readonly uncompressedSize: number;
    isEncrypted(): boolean;
  }

  export interface ZipFile {
    readonly entryCount: number;
    eachEntry(): AsyncIterable<Entry>;
    readLocalFileHeader(
      entry: Entry,
      options: { minimal: true },
      callback: (error: Error | null, header?: { readonly fileDataStart: number }) => void,
    ): void;
    openReadStreamPromise(entry: Entry): Promise<NodeJS.ReadableStream>;
    close(): void;
  }

  export function openPromise(
    path: string,
    options?: { readonly autoClose?: boolean; readonly strictFileNames?: boolean },
  ): Promise<ZipFile>;

  export function fromBufferPromise(buffer: Buffer): Promise<ZipFile>;
}
