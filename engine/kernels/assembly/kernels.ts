// Entry points. `dispatch` runs a kernel on the calling thread and on every thread in `serve`.
import { adamw } from './adamw';
import { dropoutFlags, dropoutMasks } from './dropout';
import { bound, fill, scale, sumOfSquares } from './elements';
import { CHUNKS, FINISHED, GENERATION, KERNEL, TICKET } from './layout';
import { addRows } from './rows';

/** How often the dispatching thread looks for the last chunk's end before it sleeps. */
const PATIENCE = 2000;

function runChunk(kernel: i32, chunk: u32): void {
  switch (kernel) {
    case 0:
      return adamw(chunk);
    case 1:
      return sumOfSquares(chunk);
    case 2:
      return scale(chunk);
    case 3:
      return fill(chunk);
    case 4:
      return addRows(chunk);
    case 5:
      return dropoutMasks(chunk);
    case 6:
      return bound(chunk);
    case 7:
      return dropoutFlags(chunk);
  }
}

/**
 * Works on chunks of one generation until none is left. A chunk is claimed together with the
 * generation: who comes late, when the next dispatch has already been written, claims nothing.
 */
function work(generation: i32): void {
  const kernel = atomic.load<i32>(KERNEL);
  const chunks = atomic.load<i32>(CHUNKS);
  while (true) {
    const ticket = atomic.load<i64>(TICKET);
    const chunk = <i32>ticket;
    if (<i32>(ticket >> 32) != generation || chunk >= chunks) return;
    if (atomic.cmpxchg<i64>(TICKET, ticket, ticket + 1) != ticket) continue;
    runChunk(kernel, chunk);
    if (atomic.add<i32>(FINISHED, 1) + 1 == chunks) atomic.notify(FINISHED, 1);
  }
}

/** Runs the kernel that KERNEL and ARGUMENTS name over CHUNKS chunks; returns when all are done. */
export function dispatch(kernel: i32, chunks: i32, alone: bool): void {
  if (alone) {
    for (let chunk = 0; chunk < chunks; chunk++) runChunk(kernel, chunk);
    return;
  }
  const generation = (atomic.load<i32>(GENERATION) + 1) & 0x7fffffff;
  // No generation owns the ticket while the count changes: a late thread would claim beyond its own.
  atomic.store<i64>(TICKET, (<i64>-1) << 32);
  atomic.store<i32>(KERNEL, kernel);
  atomic.store<i32>(CHUNKS, chunks);
  atomic.store<i32>(FINISHED, 0);
  atomic.store<i64>(TICKET, (<i64>generation) << 32);
  atomic.store<i32>(GENERATION, generation);
  atomic.notify(GENERATION, -1);
  work(generation);
  let looks = 0;
  while (true) {
    const finished = atomic.load<i32>(FINISHED);
    if (finished == chunks) return;
    if (++looks > PATIENCE) atomic.wait<i32>(FINISHED, finished, -1);
  }
}

/** A thread's life: works on every dispatch until `stop`. */
export function serve(seen: i32): void {
  while (true) {
    atomic.wait<i32>(GENERATION, seen, -1);
    const generation = atomic.load<i32>(GENERATION);
    if (generation < 0) return;
    if (generation != seen) work(generation);
    seen = generation;
  }
}

/** Ends the threads in `serve`. */
export function stop(): void {
  atomic.store<i32>(GENERATION, -1);
  atomic.notify(GENERATION, -1);
}
