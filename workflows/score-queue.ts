/** The queue of chunks beside a main one: a worker takes as many of them at once as it has slots. */
export function scoreQueue(taskQueue: string): string {
  return `${taskQueue}-score`;
}
