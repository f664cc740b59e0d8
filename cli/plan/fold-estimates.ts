import { tableUses } from '../../activities/table-uses.js';
import { findModel } from '../../engine/checkpoint/hub.js';
import type { FoldEstimate, SampledFold } from '../../engine/training/fold-estimate.js';
import type { Cell } from '../../pipeline/matrix.js';
import { membersOf } from '../../pipeline/members.js';
import { modelUse, type Pipeline } from '../../pipeline/pipeline.js';
import { openEngine } from '../../worker/services.js';
import { sharesOf } from '../../worker/shares.js';
import { openTableFiles } from '../../worker/table-files.js';
import type { Workdir } from '../workdir.js';

/** What is said of each fold of a member. */
export interface OfMember {
  /** Empty where folds are the only axis. */
  readonly member: string;
  /** Its folds that are to be trained. */
  readonly folds: number;
}

/** What each fold of a member is expected to take. */
export type MemberEstimate = FoldEstimate & OfMember;

/** More are like those before them, or nobody reads them; each takes seconds. */
const mostLookedAt = 8;

/**
 * Judges the folds of the members that have some to train; members that differ in nothing that it takes are judged
 * once.
 *
 * @param judge gives null where nothing is known: such are left out
 */
export async function judgeMembers<T extends object>(
  pipeline: Pipeline,
  cells: readonly Cell[],
  judge: (member: Pipeline) => Promise<T | null>,
): Promise<(T & OfMember)[]> {
  const known = new Map<string, T>();
  const judged: (T & OfMember)[] = [];
  for (const { id, pipeline: member } of membersOf(pipeline)) {
    const folds = cells.filter((cell) => cell.member === id).length;
    const alike = JSON.stringify([member.model, { ...member.training, seed: 0, learningRate: 0 }]);
    if (folds === 0 || (!known.has(alike) && known.size === mostLookedAt)) continue;
    const estimate = known.get(alike) ?? (await judge(member));
    if (estimate === null) continue;
    known.set(alike, estimate);
    judged.push({ member: id, folds, ...estimate });
  }
  return judged;
}

/**
 * Judges folds before anything was trained. Left out are models that are not on this machine, and those from scratch,
 * whose vocabulary is learnt first.
 */
export async function estimateFolds(
  pipeline: Pipeline,
  rows: number,
  cells: readonly Cell[],
  workdir: Workdir,
): Promise<MemberEstimate[]> {
  return judgeMembers(pipeline, cells, async (member) => {
    const folder = await folderOf(member, workdir);
    if (folder === null) return null;
    const fold = await sampledFold(member, rows, workdir);
    return openEngine(workdir.path).estimate(folder, { ...fold, threads: sharesOf().threads });
  });
}

/** Where the checkpoint of a member is; null where it is not on this machine, or there is none. */
export async function folderOf({ model }: Pipeline, workdir: Workdir): Promise<string | null> {
  const { checkpoint } = model;
  if (checkpoint === undefined) return null;
  return (await findModel(checkpoint, { baseDirectory: workdir.state }))?.folder ?? null;
}

/** What a fold of a member is judged by. */
export async function sampledFold(
  { model, labels, data, task, folds, training }: Pipeline,
  rows: number,
  workdir: Workdir,
): Promise<Omit<SampledFold, 'classifier' | 'tokenizer'> & Pick<Pipeline, 'labels'>> {
  const heldOut = Math.round(rows / folds.count);
  return {
    labels,
    model: modelUse(model),
    table: {
      file: await openTableFiles(workdir.path, null).open(data.train, tableUses.train),
      text: data.text,
      labels,
      task,
      id: data.id,
      ...(data.target === undefined ? {} : { target: data.target }),
    },
    rows: { trained: rows - heldOut, heldOut },
    training,
  };
}
