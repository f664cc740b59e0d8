import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes half a minute or more, the longest first. */
export const longest = [
  'cli/start-and-stop',
  'security/attack',
  'cluster/cluster',
  'faults/faults',
  'library/package',
  'cli/predict',
  'cli/bad-input',
  'workflows/score',
  'worker/workers-on-cards',
  'cli/score',
  'cli/run-control',
  'workflows/encryption',
  'cli/store-on-s3',
  'fuzz/fuzz',
  'workflows/rolling-upgrade',
  'report/browser',
  'workflows/pipeline',
  'infra/server/configured',
  'workflows/durability',
  'workflows/server-away',
  'cli/terminated-run',
  'engine/training/options',
].map((name) => `test/${name}.test.ts`);

/** Starts what takes longest first, so that no worker is left with it when the others have done all. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    // A stable sort: the rest stays as it was.
    return sorted.sort((one, other) => orderOf(one) - orderOf(other));
  }
}

/** Groups of projects come one after another; in a group last what shares processes, which other files would end. */
function orderOf({ moduleId, project }: TestSpecification): number {
  const { isolate, sequence } = project.config;
  const place = longest.findIndex((name) => moduleId.endsWith(`/${name}`));
  return (sequence.groupOrder * 2 + (isolate ? 0 : 1)) * 1000 + (place === -1 ? longest.length : place);
}
