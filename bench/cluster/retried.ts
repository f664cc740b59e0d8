import { setTimeout as delay } from 'node:timers/promises';

/** Calls again each second, for a minute: a server that has just begun to listen refuses some at first. */
export async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === 60) throw error;
      await delay(1_000);
    }
  }
}
