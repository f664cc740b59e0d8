/** The part of yauzl that is used here; the package has no types of its own. */
declare module 'yauzl' {
  export interface Entry {
    readonly fileName: string;
  }

  export interface ZipFile {
    eachEntry(): AsyncIterable<Entry>;
    openReadStreamPromise(entry: Entry): Promise<NodeJS.ReadableStream>;
  }

  export function fromBufferPromise(buffer: Buffer): Promise<ZipFile>;
}
