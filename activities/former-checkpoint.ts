import type { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { FoldHeartbeat } from './contracts.js';

const keptSchema = z.object({ step: z.int().min(1), engine: z.string().max(2_000) });
const told = z.object({ kept: keptSchema });

/**
 * What is of no use where the attempt before this one had another device: nobody goes on from the checkpoints of
 * another, since the bits would be those of neither.
 *
 * @param here what computes, and the step of its own newest checkpoint, if it has one
 * @returns it in words; null where the attempt before had such a device, or no checkpoint
 */
export function lostToAnotherDevice(
  { info }: Context,
  here: { readonly engine: string; readonly step: number | undefined },
): string | null {
  const heartbeat: unknown = info.heartbeatDetails;
  const kept: FoldHeartbeat['kept'] = told.safeParse(heartbeat).data?.kept;
  if (kept === undefined || kept.engine === here.engine) return null;
  const then =
    here.step === undefined ? 'begins anew' : `goes on from its own checkpoint of step ${here.step}`;
  return `the checkpoint of step ${kept.step} is of another device, and the fold ${then}: it was trained on ${kept.engine}; this worker has ${here.engine}`;
}
