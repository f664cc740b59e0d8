import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { EnvironmentFault } from '../../errors/fault.js';

const listening = z.looseObject({ port: z.number() });

/** A service in a process of its own, which says its port in a line on stdout; the end of its stdin ends it. */
export class Service {
  private constructor(
    readonly name: string,
    readonly url: string,
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    private readonly ended: Promise<unknown>,
  ) {}

  static async start(name: string, command: string, args: readonly string[], cwd?: string): Promise<Service> {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    child.stdin.on('error', () => undefined);
    const ended = new Promise((resolve) => child.once('error', resolve).once('close', resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('{')) continue;
      const { port } = listening.parse(JSON.parse(line));
      child.stdout.resume();
      return new Service(name, `http://127.0.0.1:${port}`, child, ended);
    }
    throw new EnvironmentFault({ where: name, what: 'the service ended before it listened' });
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.ended;
  }
}
