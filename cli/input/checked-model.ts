import { isAbsolute } from 'node:path';
import { resolveModel, type DownloadProgress } from '../../engine/checkpoint/hub.js';
import { checkMemory } from '../../engine/training/memory-need.js';
import { scratchModel } from '../../engine/training/scratch-model.js';
import { membersOf } from '../../pipeline/members.js';
import { poolingOf, type Pipeline } from '../../pipeline/pipeline.js';
import { count } from '../../report/notation.js';
import { openEngine } from '../../worker/services.js';
import type { Workdir } from '../workdir.js';

export interface ModelCheck {
  readonly workdir: Workdir;
  /** Whether a model of the hub that is not in the cache is downloaded; else it is not looked at. */
  readonly download: boolean;
  /** Told each file that is downloaded, as one sentence. */
  readonly onMessage: (message: string) => void;
}

/**
 * Opens the checkpoint of each member as every fold of it will, and counts whether its steps can be had.
 *
 * @returns what whoever trains from them should know
 * @throws a Fault for one that is not there, does not fit, or cannot be fetched
 */
export async function checkModel(pipeline: Pipeline, check: ModelCheck): Promise<readonly string[]> {
  const told: string[] = [];
  const seen = new Set<string>();
  for (const { pipeline: member } of membersOf(pipeline)) {
    const alike = JSON.stringify([member.model, member.training.batchSize]);
    if (!seen.has(alike)) told.push(...(await checkMember(member, check)));
    seen.add(alike);
  }
  return [...new Set(told)];
}

async function checkMember(
  { model, labels, training }: Pipeline,
  check: ModelCheck,
): Promise<readonly string[]> {
  const { checkpoint, scratch, maxLength } = model;
  const pooling = poolingOf(model);
  const { batchSize } = training;
  if (scratch !== undefined) {
    const { classifier } = scratchModel(scratch, maxLength, labels.length, pooling);
    checkMemory(classifier, { texts: batchSize, length: maxLength });
  }
  if (checkpoint === undefined || (!check.download && !isAbsolute(checkpoint))) return [];
  const { workdir } = check;
  const onProgress = announceOnce(checkpoint, check.onMessage);
  const { folder } = await resolveModel(checkpoint, { baseDirectory: workdir.state, onProgress });
  const pooled = pooling === undefined ? {} : { pooling };
  return openEngine(workdir.path).check(folder, { labels, maxLength, batchSize, ...pooled });
}

function announceOnce(checkpoint: string, onMessage: (message: string) => void) {
  const told = new Set<string>();
  return ({ file, total }: DownloadProgress): void => {
    if (told.has(file)) return;
    told.add(file);
    onMessage(`Downloading ${file} of ${checkpoint} (${count(Math.ceil(total / 1e6))} MB).`);
  };
}
