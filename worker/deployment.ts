import type { WorkerDeploymentOptions } from '@temporalio/worker';

/** Which version of which deployment a worker is (Temporal's worker versioning). */
export interface Deployment {
  readonly name: string;
  readonly buildId: string;
}

/** What Temporal takes as the name of a deployment, and as a build: here without what separates them elsewhere. */
export const deploymentPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
export const buildIdPattern = /^[A-Za-z0-9][A-Za-z0-9._+@-]{0,99}$/;

/**
 * A run stays with the build that took it up, for its workflow and for its activities on every queue that workers of
 * that build ask: what one run computes, one build computes.
 */
export function versioningOf({ name, buildId }: Deployment): WorkerDeploymentOptions {
  return {
    version: { deploymentName: name, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: 'PINNED',
  };
}
