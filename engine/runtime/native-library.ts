import koffi, { type LibraryHandle } from 'koffi';

/**
 * ONNX Runtime's kernels and graph passes run on the stack that koffi gives to a call. Its default
 * for asynchronous ones is 128 KiB; a thread's usual stack has 8 MiB.
 */
const stackBytes = 8 * 2 ** 20;

// Before the first library is loaded, whichever that is: koffi takes no settings after.
koffi.config({ async_stack_size: stackBytes, sync_stack_size: stackBytes, resident_async_pools: 2 });

/** Held for the life of the process: koffi unloads a library whose handle is collected, and drivers do not like that. */
const held = new Map<string, LibraryHandle>();

/**
 * Loads a native library. One that is loaded serves whoever asks for it by its own name, however it was found.
 *
 * @param path a name that the system's loader looks for, or a file
 * @throws Error that says why not
 */
export function loadLibrary(path: string): LibraryHandle {
  const known = held.get(path);
  if (known !== undefined) return known;
  try {
    const library = koffi.load(path);
    held.set(path, library);
    return library;
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    throw new Error(told.replace(/^Failed to load shared library: /, ''), { cause: error });
  }
}
