import { connect, type ServerLink } from './connection.js';
import type { GlobalOptions } from './options.js';
import { workdirAt } from './workdir.js';

/** Does some work with the server that the options name, and closes the connection after it. */
export async function withServer<T>(
  options: GlobalOptions,
  work: (link: ServerLink) => Promise<T>,
): Promise<T> {
  const link = await connect(workdirAt(options.workdir));
  try {
    return await work(link);
  } finally {
    await link.close();
  }
}
