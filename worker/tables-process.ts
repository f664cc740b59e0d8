import type { TableTask, TableWork, TaskRequest, TaskResult } from '../activities/tables/tasks.js';
import { Fault } from '../errors/fault.js';
import type { OutputListener } from './child-process.js';
import { askChild, type FailedReply } from './request-process.js';

export interface TablesRequest {
  readonly task: TableTask;
  readonly request: TaskRequest<TableTask>;
}

/** A fault of the tables' process, as it was raised there. */
export class TablesFault extends Fault {
  constructor({ name, message, retryable, details }: FailedReply) {
    super(details ?? { where: 'a table', what: message }, { retryable });
    this.name = name;
  }
}

/** Each task over whole tables in a process of its own, which is gone when it is done. */
export class TablesProcess implements TableWork {
  /**
   * @param script see `tables-child.ts`
   * @param onOutput told what the child prints; by default it goes to stderr
   */
  constructor(
    private readonly script: string,
    private readonly onOutput?: OutputListener,
  ) {}

  run<T extends TableTask>(task: T, request: TaskRequest<T>, signal: AbortSignal): Promise<TaskResult<T>> {
    const message: TablesRequest = { task, request };
    const faultOf = (reply: FailedReply): Fault => new TablesFault(reply);
    const { onOutput } = this;
    return askChild(this.script, message, { where: 'a table', kind: 'tables', onOutput, signal, faultOf });
  }
}
