import { mainQueue } from './activities.js';

/** The task queue of the workflows, where no other is named. */
export const workflowQueue = 'foldwise';

/** The task queue of the activities of a queue of the steps, beside that of the workflows. */
export function stepQueue(queue: string, taskQueue: string = workflowQueue): string {
  return queue === mainQueue ? taskQueue : `${taskQueue}-${queue}`;
}

/** The queue of chunks beside a main one: a worker takes as many of them at once as it has slots. */
export function scoreQueue(taskQueue: string = workflowQueue): string {
  return `${taskQueue}-score`;
}
