/** The part of yauzl that is used here; the package has no types of its own. */
declare module 'yauzl' {
  export interface Entry {
    readonly fileName: string;
    readonly uncompressedSize: number;
  }

  export interface ZipFile {
    eachEntry(): AsyncIterable<Entry>;
    openReadStreamPromise(entry: Entry): Promise<NodeJS.ReadableStream>;
    close(): void;
  }

  /** @param options autoClose: whether it closes after the last entry, default true */
  export function openPromise(path: string, options?: { readonly autoClose?: boolean }): Promise<ZipFile>;
}
