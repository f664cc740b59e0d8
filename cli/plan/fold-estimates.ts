import { tableUses } from '../../activities/table-uses.js';
import { findModel } from '../../engine/checkpoint/hub.js';
import type { FoldEstimate } from '../../engine/training/fold-estimate.js';
import type { Cell } from '../../pipeline/matrix.js';
import { membersOf } from '../../pipeline/members.js';
import { modelUse, type Pipeline } from '../../pipeline/pipeline.js';
import { openEngine } from '../../worker/services.js';
import { sharesOf } from '../../worker/shares.js';
import { openTableFiles } from '../../worker/table-files.js';
import type { Workdir } from '../workdir.js';

/** What each fold of a member is expected to take. */
export interface MemberEstimate extends FoldEstimate {
  /** Empty where folds are the only axis. */
  readonly member: string;
  /** Its folds that are to be trained. */
  readonly folds: number;
}

/** More are like those before them, or nobody reads them; each takes seconds. */
const mostLookedAt = 8;

/**
 * Judges the folds of the members that have some to train, before anything was trained; members that differ in
 * nothing that takes time are judged once. Left out are models that are not on this machine, and those from
 * scratch, whose vocabulary is learnt first.
 */
export async function estimateFolds(
  pipeline: Pipeline,
  rows: number,
  cells: readonly Cell[],
  workdir: Workdir,
): Promise<MemberEstimate[]> {
  const known = new Map<string, FoldEstimate>();
  const estimates: MemberEstimate[] = [];
  for (const { id, pipeline: member } of membersOf(pipeline)) {
    const folds = cells.filter((cell) => cell.member === id).length;
    const { checkpoint } = member.model;
    const found =
      folds === 0 || checkpoint === undefined
        ? undefined
        : await findModel(checkpoint, { baseDirectory: workdir.state });
    if (found === undefined) continue;
    const alike = JSON.stringify([member.model, { ...member.training, seed: 0, learningRate: 0 }]);
    if (!known.has(alike) && known.size === mostLookedAt) continue;
    const estimate = known.get(alike) ?? (await estimateMember(member, rows, found.folder, workdir));
    known.set(alike, estimate);
    estimates.push({ member: id, folds, ...estimate });
  }
  return estimates;
}

async function estimateMember(
  { model, labels, data, task, folds, training }: Pipeline,
  rows: number,
  folder: string,
  workdir: Workdir,
): Promise<FoldEstimate> {
  const heldOut = Math.round(rows / folds.count);
  return openEngine(workdir.path).estimate(folder, {
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
    threads: sharesOf().threads,
  });
}
