import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes three quarters of a minute or more beside others, the longest first. */
export const longest = [
  'cli/start-and-stop',
  'library/package',
  'cli/predict',
  'cli/run-on-webgpu',
  'fuzz/fuzz',
  'faults/faults',
  'worker/workers-on-cards',
  'cli/store-on-s3',
  'cli/score',
  'workflows/rolling-upgrade',
  'cli/on-webgpu',
  'workflows/score',
  'security/attack',
  'cli/whole-run',
  'report/browser',
  'cli/tables-elsewhere',
  'cli/run-on-fake-card',
  'cli/bad-input',
  'cli/terminated-run',
  'cli/run-on-two-cards',
  'worker/two-workers',
  'cli/run-control',
  'workflows/durability',
  'workflows/encryption',
  'cli/operated-run',
  'library/snippets',
  'workflows/ensemble',
  'engine/device/resident/training',
  'cli/temporal-cli',
  'workflows/pipeline',
  'library/examples',
  'engine/training/export',
  'infra/server/configured',
  'cli/deberta-v3',
  'cli/codec-in-browser',
  'engine/device/cuda/fake-card',
  'cli/export-int8',
].map((name) => `test/${name}.test.ts`);

/** Starts what takes longest first, so that no worker is left with it when the others have done all. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    // A stable sort: the rest stays as it was.
    return sorted.sort((one, other) => orderOf(one) - orderOf(other));
  }
}

/** Groups of projects come one after another; in a group last, project by project, what shares processes. */
function orderOf({ moduleId, project }: TestSpecification): number {
  const { isolate, sequence } = project.config;
  const place = longest.findIndex((name) => moduleId.endsWith(`/${name}`));
  const projectPlace = isolate ? 0 : 1 + project.vitest.projects.indexOf(project);
  return (sequence.groupOrder * 10 + projectPlace) * 1000 + (place === -1 ? longest.length : place);
}
