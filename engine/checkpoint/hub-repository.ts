import { z } from 'zod';
import { EnvironmentFault } from '../../errors/fault.js';
import type { FileBytes, HubConnection, WantedBytes } from './hub-connection.js';
import { HubMisbehaved } from './hub-faults.js';
import { isCommit } from './hub-name.js';

/** A listing beyond is not one of a model. */
const maxListed = 10_000;
const maxPages = 100;

/** No model of these families is larger, all its files together. */
export const maxModelBytes = 64 * 2 ** 30;

const commitAnswer = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });

const size = z.number().int().min(0);

const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: size.default(0),
  oid: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size }).optional(),
});

const listAnswer = z.array(entrySchema).max(maxListed);

/** A file as the hub lists it. */
export type ListedFile = z.infer<typeof entrySchema>;

/** One repository of models on a hub. */
export class HubRepository {
  constructor(
    readonly name: string,
    private readonly connection: HubConnection,
  ) {}

  /** The endpoint and the name, for messages. */
  get where(): string {
    return `${this.connection.name}/${this.name}`;
  }

  /** The commit that a branch or tag has now; a commit is its own. */
  async commit(revision: string): Promise<string> {
    if (isCommit(revision)) return revision;
    const named = encodeURIComponent(revision);
    const url = this.connection.address(`api/models/${this.name}/revision/${named}?expand=sha`);
    const answer = commitAnswer.safeParse((await this.connection.json(url)).value);
    if (answer.success) return answer.data.sha;
    throw this.malformed('a commit that is no hash');
  }

  /** Files at the root of the repository, by name. */
  async list(commit: string): Promise<Map<string, ListedFile>> {
    const files = new Map<string, ListedFile>();
    let page: URL | undefined = this.connection.address(`api/models/${this.name}/tree/${commit}`);
    for (let pages = 0; page !== undefined; pages++) {
      if (pages === maxPages) throw this.malformed(`a list of more than ${maxPages} pages`);
      const { value, headers } = await this.connection.json(page);
      const entries = listAnswer.safeParse(value);
      if (!entries.success) throw this.malformed('a list of files that is none');
      for (const entry of entries.data) if (entry.type === 'file') files.set(entry.path, entry);
      if (files.size > maxListed) throw this.malformed(`more than ${maxListed} files`);
      page = this.connection.nextPage({ headers }, page);
    }
    return files;
  }

  /** Bytes of a file of a commit. */
  async open(path: string, commit: string, wanted: WantedBytes): Promise<FileBytes> {
    const url = this.connection.address(`${this.name}/resolve/${commit}/${encodeURIComponent(path)}`);
    return this.connection.file(url, wanted);
  }

  /** How long a file of so many bytes may take in all. */
  patienceMs(bytes: number): number {
    return this.connection.patienceMs(bytes);
  }

  /** See `HubConnection.patiently`. */
  patiently(work: () => Promise<void>, progressed: () => boolean): Promise<void> {
    return this.connection.patiently(work, progressed);
  }

  malformed(found: string): EnvironmentFault {
    return misbehaved(this.where, new HubMisbehaved(found));
  }
}

export function misbehaved(where: string, cause: HubMisbehaved): EnvironmentFault {
  return new EnvironmentFault(
    {
      where,
      what: 'the hub answered in an unexpected way',
      found: cause.message,
      remedy: 'Check HF_ENDPOINT, or try again later.',
    },
    { cause },
  );
}
