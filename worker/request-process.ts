import { EnvironmentFault, type Fault, type FaultDetails } from '../errors/fault.js';
import { crash, startChild, startFailure, type ChildOptions } from './child-process.js';
import { ChildWatch, endChild, stalled, type ChildWatchOptions, type SignOfLife } from './child-watch.js';

/** What a child says that answers one request and ends. */
export type RequestReply<Value> = SignOfLife | { readonly type: 'done'; readonly value: Value } | FailedReply;

export interface FailedReply {
  readonly type: 'failed';
  readonly name: string;
  readonly message: string;
  readonly retryable: boolean;
  /** Of a fault. */
  readonly details?: FaultDetails;
}

/** It was told to end, and had nothing to keep. */
export class WorkGivenUp extends EnvironmentFault {}

export interface AskOptions extends Pick<ChildOptions, 'kind' | 'onOutput'> {
  /** What is worked on, as its faults say it. */
  readonly where: string;
  /** Once aborted the child ends at once. */
  readonly signal?: AbortSignal | undefined;
  readonly watch?: ChildWatchOptions;
  /** Told now and then how many of what the child was given are done. */
  readonly onDone?: ((done: number) => void) | undefined;
  /** What the child's failure becomes here. */
  readonly faultOf: (reply: FailedReply) => Fault;
}

/**
 * Starts a child for one request and waits for its answer and its end.
 *
 * @param script of a child that sends `RequestReply`s
 */
export function askChild<Value>(
  script: string,
  request: object,
  { where, kind, onOutput, signal, watch: watchOptions = {}, onDone, faultOf }: AskOptions,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(givenUp(where));
    const child = startChild({ script, kind, onOutput });
    let reply: Exclude<RequestReply<Value>, SignOfLife> | undefined;
    let failure: Fault | undefined;
    const end = (): void => void child.kill('SIGKILL');
    const settle = (code: number | null, exitSignal: NodeJS.Signals | null): void => {
      watch.end();
      signal?.removeEventListener('abort', end);
      if (reply?.type === 'done') resolve(reply.value);
      else if (reply !== undefined) reject(faultOf(reply));
      else if (signal?.aborted === true) reject(givenUp(where));
      else reject(failure ?? crash(where, code, exitSignal, watch.foreign));
    };
    const watch = new ChildWatch((found) => {
      failure = stalled(where, found);
      endChild(child, () => settle(null, 'SIGKILL'));
    }, watchOptions);
    signal?.addEventListener('abort', end, { once: true });
    child.on('message', (message: RequestReply<Value>) => {
      watch.heard(message);
      if (message.type === 'phase' && message.done !== undefined) onDone?.(message.done);
      if (message.type === 'done' || message.type === 'failed') reply = message;
    });
    child.on('error', (error) => (failure ??= startFailure(where, child, error)));
    child.on('close', settle);
    child.send(request, () => undefined);
  });
}

function givenUp(where: string): WorkGivenUp {
  return new WorkGivenUp({ where, what: 'the work was given up, as it was told to' });
}
