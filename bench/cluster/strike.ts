import { setTimeout as delay } from 'node:timers/promises';
import type { Dice } from '../dice.js';
import type { Cluster, WorkerHost } from './cluster.js';
import type { Fault, FaultKind } from './fault.js';
import { retried } from './retried.js';

/** Longer than a lease of a fold lasts, 20 s, and than its heartbeats may fail, 15 s. */
const cutMs = 26_000;
const slowMs = 10_000;
const failingMs = 10_000;
/** How long what was killed stays away, at least and at most. */
const downMs = [1_000, 6_000] as const;

interface Target {
  readonly cluster: Cluster;
  readonly dice: Dice;
}

/** Does it, and undoes it where it does not heal by itself. */
export async function strike(kind: FaultKind, target: Target): Promise<Fault> {
  const at = Date.now();
  const host = await actions[kind](target);
  return { kind, at, healedAt: Date.now(), host };
}

/** Each gives the name of the host that it met. */
const actions: Readonly<Record<FaultKind, (target: Target) => Promise<string>>> = {
  'host lost': (target) => loseHost(target, false),
  'host replaced': (target) => loseHost(target, true),
  'link cut': async ({ cluster: { network, workers }, dice }) => {
    const { host } = one(workers, dice);
    network.cut(host.name);
    await delay(cutMs);
    network.join(host.name);
    return host.name;
  },
  'link slow': async ({ cluster: { network, workers }, dice }) => {
    const { host } = one(workers, dice);
    network.slow(host.name);
    await delay(slowMs);
    network.quicken(host.name);
    return host.name;
  },
  'store lost': async ({ cluster: { objects }, dice }) => {
    await objects.restart(dice.between(...downMs), false);
    return 'objects';
  },
  // An operator says that there is no copy: what was lost is made anew.
  'store emptied': async ({ cluster, dice }) => {
    await cluster.objects.restart(dice.between(...downMs), true);
    await retried(() => cluster.reinstateStore());
    return 'objects';
  },
  'store failing': async ({ cluster: { gate } }) => {
    gate.fails = true;
    await delay(failingMs);
    gate.fails = false;
    return 'objects';
  },
  'clock set': ({ cluster: { workers }, dice }) => {
    const { host, clock } = one(workers, dice);
    if (clock !== null) clock.set(dice.one([-1, 0, 1].filter((hours) => hours !== clock.skewHours))!);
    return Promise.resolve(host.name);
  },
  'database lost': async ({ cluster: { postgres }, dice }) => {
    await postgres.restart(dice.between(...downMs));
    return 'database';
  },
  'server lost': async ({ cluster: { temporal }, dice }) => {
    await temporal.restart(dice.between(...downMs));
    return 'temporal';
  },
};

async function loseHost({ cluster: { workers }, dice }: Target, emptied: boolean): Promise<string> {
  const { host, program } = one(workers, dice);
  await host.crash();
  await delay(dice.between(...downMs));
  host.reboot(program, emptied);
  return host.name;
}

function one(workers: readonly WorkerHost[], dice: Dice): WorkerHost {
  return dice.one(workers)!;
}
