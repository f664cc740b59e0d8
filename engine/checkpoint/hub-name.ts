/** A model of the hub: the repository, and the branch, tag or commit of it that is meant. */
export interface HubName {
  readonly repository: string;
  readonly revision: string;
}

/** A repository's name: `name` or `organisation/name`. */
const repositoryPattern = /^(?=.{1,96}$)[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/;

/** A branch, a tag, a commit, or a reference such as `refs/pr/1`. */
const revisionPattern = /^(?=.{1,200}$)[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** What `owner/name` or `owner/name@revision` names; undefined for what is no such name. */
export function parseHubName(text: string): HubName | undefined {
  const at = text.indexOf('@');
  const repository = at < 0 ? text : text.slice(0, at);
  const revision = at < 0 ? 'main' : text.slice(at + 1);
  const sound = repositoryPattern.test(repository) && revisionPattern.test(revision);
  return sound && !text.includes('..') ? { repository, revision } : undefined;
}

/** Whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
