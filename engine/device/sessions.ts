import type { Session } from '../runtime/runtime.js';
import type { CompileOptions, Device } from './device.js';
import type { Program } from './program.js';

/** Runs a piece of work, and may tell of it. */
export type Around = <T>(work: () => Promise<T>) => Promise<T>;

/** A device's sessions, one for each program, created when first needed. */
export class Sessions {
  private readonly known = new Map<Program, Session>();

  constructor(
    private readonly device: Pick<Device, 'compile'>,
    private readonly options: CompileOptions = {},
    /** Called around the creation of a session, which takes long. */
    private readonly around: Around = (work) => work(),
  ) {}

  async of(program: Program): Promise<Session> {
    let session = this.known.get(program);
    if (session === undefined) {
      session = await this.around(() => this.device.compile(program, this.options));
      this.known.set(program, session);
    }
    return session;
  }

  release(): void {
    for (const session of this.known.values()) session.release();
    this.known.clear();
  }
}
