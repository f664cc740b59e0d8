import koffi from 'koffi';
import { DeviceFault } from './fault.js';
import type { Address } from './native.js';

/** `WGPUErrorType`: what a device calls running out of memory. */
const outOfMemory = '3';

/** A buffer that no memory of the device could hold is an error of another kind to it: smaller ones may do. */
const tooLarge = 'exceeds the max buffer size limit';

function isOfMemory(code: string, text: string): boolean {
  return code === outOfMemory || text.includes(tooLarge);
}

/** The function that takes a line, as ONNX Runtime calls it. */
export const logLine = koffi.proto(
  'void (void *context, int severity, const char *category, const char *id, const char *place, const char *text)',
);

/**
 * What ONNX Runtime logs of its devices. A WebGPU device tells of an error (a buffer that it cannot give, a shader
 * that it refuses) to the log alone: the call that met it is answered with success, and goes on with a buffer that
 * holds nothing.
 */
export class DeviceLog {
  /** Of a function of C that takes the lines; lives as long as the process, as the environment does. */
  readonly address: Address;
  private readonly errors: string[] = [];

  constructor() {
    this.address = koffi.register(
      (_context: unknown, _severity: number, _category: string, _id: string, _place: string, text: string) =>
        void this.take(text),
      koffi.pointer(logLine),
    );
  }

  /** @throws DeviceFault for what was logged of a device since the last call */
  verify(where: string): void {
    const [first] = this.errors.splice(0);
    if (first === undefined) return;
    const [, code, text] = /^WebGPU device (?:error\((\d+)\)|lost \(\w+\)):?\s*(.*)/su.exec(first) ?? [];
    const found = (text ?? first).split('\n')[0]!.trim();
    throw new DeviceFault(
      code === undefined ? 'lost' : isOfMemory(code, found) ? 'memory' : 'other',
      where,
      found,
    );
  }

  private take(text: string): void {
    if (text.startsWith('WebGPU device ')) this.errors.push(text);
  }
}
