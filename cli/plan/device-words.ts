import { processor } from '../../engine/device/device.js';
import { memoryParts, partsOf } from '../../engine/device/resident/memory.js';
import { stepQueue } from '../../pipeline/task-queues.js';
import { amount } from '../../report/notation.js';
import { deviceLines } from '../actions/devices.js';
import type { DevicePlan } from './device-plan.js';

/** What folds need of a device, and where they wait for one. @param toTrain how many there are */
export function deviceWords(plan: DevicePlan, toTrain: number): string[] {
  if (toTrain === 0) return deviceLines([plan]);
  return [...deviceLines([plan]), ...foldLines(plan), ...plan.queues.map((queue) => queueWords(plan, queue))];
}

function foldLines({ device, precision, folds }: DevicePlan): string[] {
  if (folds.length === 0) {
    const memory =
      device === processor ? '' : '; what they take of its memory is counted where their model is at hand';
    return [`Folds compute in ${precision} on ${device}${memory}.`];
  }
  return folds.map(({ member, precision, textsAtOnce, counted, bytes, tokensPerText }) => {
    const of = member === '' ? '' : ` of ${member}`;
    const texts = textsAtOnce === 1 ? 'one text' : `${textsAtOnce} texts`;
    const basis =
      tokensPerText === null
        ? 'as long as they may be'
        : `judged by texts of ${Math.round(tokensPerText)} tokens on average`;
    const parts = partsOf(counted).map(([part, each]) => `${memoryParts[part]} ${amount(each)}`);
    const besides = bytes.most - counted.total;
    const all = besides > 0 ? [...parts, `the provider's context and reserve ${amount(besides)}`] : parts;
    return `A fold${of} takes about ${amount(bytes.most)} of the memory of ${device}, in ${precision}, ${texts} at once, ${basis}: ${all.join(', ')}.`;
  });
}

function queueWords({ device }: DevicePlan, queue: string): string {
  return `Folds wait on queue ${stepQueue(queue)}: \`foldwise worker --queue ${queue} --device ${device}\` takes them.`;
}
