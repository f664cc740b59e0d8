/** What is used of WebAssembly's interface: Node's types leave it to the DOM's, which are not loaded. */
declare namespace WebAssembly {
  class Memory {
    /** In pages of 64 KiB. */
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: unknown;
  }
}
