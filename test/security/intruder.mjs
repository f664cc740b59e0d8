// Plays a client that means harm: whoever can reach the server's port, as a user without rights of its own.
// Argument: a JSON file with {address, uid, starts, activities, target}. Prints what became of each, as JSON.
import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

const { address, uid, starts, activities, target } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
process.setgroups([]);
process.setgid(uid);
process.setuid(uid);

const patienceMs = 60_000;
const namespace = 'default';
const identity = `intruder-${process.pid}`;
const connection = await Connection.connect({ address });
const client = new Client({ connection, namespace });
const service = client.workflowService;
const payload = (value) => defaultPayloadConverter.toPayload(value ?? null);
const within = (promise) =>
  Promise.race([
    promise,
    new Promise((resolve) => setTimeout(() => resolve('no answer'), patienceMs).unref()),
  ]);

/** The innermost message of an error. */
function reason(error) {
  let at = error;
  while (at.cause instanceof Error) at = at.cause;
  return String(at.message);
}

async function start([name, input], index) {
  const workflowId = `${identity}-${index}`;
  const handle = await client.workflow.start('pipeline', {
    workflowId,
    taskQueue: 'foldwise',
    args: [input],
  });
  const ended = await within(
    handle.result().then(
      () => 'completed',
      (error) => `failed: ${reason(error)}`,
    ),
  );
  if (ended === 'no answer') await handle.terminate().catch(() => undefined);
  return [name, ended];
}

/** Schedules activities for the victim's worker from a workflow of its own, without any worker. */
async function callActivities() {
  const taskQueue = { name: identity };
  const workflowExecution = { workflowId: identity };
  await service.startWorkflowExecution({
    namespace,
    workflowId: identity,
    requestId: identity,
    workflowType: { name: 'intruder' },
    taskQueue,
  });
  const { taskToken } = await connection.withDeadline(Date.now() + patienceMs, () =>
    service.pollWorkflowTaskQueue({ namespace, taskQueue, identity }),
  );
  const scheduleToClose = { seconds: patienceMs / 1000 };
  const commands = activities.map(([, activity, argument], index) => ({
    commandType: 1,
    scheduleActivityTaskCommandAttributes: {
      activityId: String(index),
      activityType: { name: activity },
      taskQueue: { name: 'foldwise' },
      input: { payloads: [payload(argument)] },
      scheduleToCloseTimeout: scheduleToClose,
      startToCloseTimeout: scheduleToClose,
      retryPolicy: { maximumAttempts: 1 },
    },
  }));
  await service.respondWorkflowTaskCompleted({ namespace, taskToken, identity, commands });
  const results = activities.map(([name]) => [name, 'no answer']);
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
    const { history } = await service.getWorkflowExecutionHistory({
      namespace,
      execution: workflowExecution,
    });
    const ids = new Map();
    for (const event of history.events) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled) ids.set(String(event.eventId), Number(scheduled.activityId));
      const completed = event.activityTaskCompletedEventAttributes;
      const failed = event.activityTaskFailedEventAttributes;
      if (completed) results[ids.get(String(completed.scheduledEventId))][1] = 'completed';
      if (failed) results[ids.get(String(failed.scheduledEventId))][1] = `failed: ${failed.failure.message}`;
    }
    if (results.every(([, ended]) => ended !== 'no answer')) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await service.terminateWorkflowExecution({ namespace, workflowExecution });
  return results;
}

async function disturb({ workflowId, signals, updates }) {
  const workflowExecution = { workflowId };
  const unreadable = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"fold"') };
  for (const payloads of [...signals.map((body) => [payload(body)]), [], [unreadable], [{}]]) {
    const request = { namespace, workflowExecution, signalName: 'epochFinished', input: { payloads } };
    await service.signalWorkflowExecution(request);
  }
  const handle = client.workflow.getHandle(workflowId);
  for (const body of updates) {
    for (const name of ['retry', 'skip']) {
      await within(handle.executeUpdate(name, { args: [body] }).catch(() => undefined));
    }
  }
  const answer = await within(handle.query('progress', ...updates));
  return answer === 'no answer' ? answer : 'answered';
}

/** Every text of every history: what anyone can read here. */
async function histories() {
  const texts = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    collect(history, texts);
  }
  return texts.join('\n');
}

function collect(value, texts) {
  if (typeof value === 'string') texts.push(value);
  else if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('utf8'));
  else if (typeof value === 'object' && value !== null)
    Object.values(value).forEach((inner) => collect(inner, texts));
}

const disturbed = target === null ? null : await disturb(target);
const started = await Promise.all(starts.map(start));
const called = await callActivities();
const answer = JSON.stringify({ disturbed, started, called, histories: await histories() });
await connection.close();
process.stdout.write(answer, () => process.exit(0));
