import { copyFile, link, rm } from 'node:fs/promises';

/** Gives the bytes of a file a second name; copies them where the file system has no links. */
export async function secondLink(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(() => copyFile(from, to));
}
