// The first bytes of the memory: the state that threads share, then one partial sum per chunk, then
// the row numbers of addRows. arena.ts keeps them free.

/** Elements per chunk: the unit of work of one thread, the same for any number of threads. */
export const CHUNK: u32 = 65536;

/** i64: generation << 32 | next chunk. */
export const TICKET: usize = 64;
/** i32: raised with each dispatch; −1 ends the threads. Threads sleep on it. */
export const GENERATION: usize = 128;
/** i32: chunks finished of this dispatch. The dispatching thread sleeps on it. */
export const FINISHED: usize = 192;
/** i32: chunks of this dispatch. */
export const CHUNKS: usize = 256;
/** i32: which kernel. */
export const KERNEL: usize = 260;
/** The kernel's arguments. */
export const ARGUMENTS: usize = 320;
/** f64 per chunk. */
export const PARTIALS: usize = 4096;
/** i32 per row of one call of addRows; at most ROWS_AT_ONCE. */
export const ROWS: usize = PARTIALS + 16384 * 8;
