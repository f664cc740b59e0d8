import { runTableTask } from '../activities/tables/tasks.js';
import { leaveWithParent, send, tellable } from './parent-watch.js';
import type { RequestReply } from './request-process.js';
import type { TablesRequest } from './tables-process.js';

/** Tables of 2 GiB take minutes; nothing takes so long. */
const patienceSeconds = 3_600;

/** The process that does one task over whole tables. */
async function answer({ task, request }: TablesRequest): Promise<void> {
  const phase = `working on a table (${task})`;
  await send({ type: 'phase', phase, patienceSeconds, silent: true } satisfies RequestReply<unknown>);
  try {
    const value = await runTableTask(task, request);
    await send({ type: 'done', value } satisfies RequestReply<unknown>);
  } catch (error) {
    await send({ type: 'failed', ...tellable(error) } satisfies RequestReply<unknown>);
  }
  process.exit(0);
}

leaveWithParent();
process.on('message', (request: TablesRequest) => void answer(request));
