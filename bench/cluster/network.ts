import { spawnSync } from 'node:child_process';
import { system } from './isolation.js';

/** Of the campaign itself, which stands at the bridge as an operator's machine would. */
export const hubAddress = '10.77.0.1';

const bridge = 'hub';

/** What a slow link carries: a checkpoint takes seconds, and so does all else. */
const slowRate = '400kbit';

/**
 * A bridge in this process's network namespace, and a link to a namespace of each host. None has a way
 * out: what a cut link does not carry goes nowhere else.
 */
export class Network {
  private hosts = 0;

  private constructor() {}

  static open(): Network {
    system('ip', 'link', 'add', bridge, 'type', 'bridge');
    system('ip', 'address', 'add', `${hubAddress}/24`, 'dev', bridge);
    system('ip', 'link', 'set', bridge, 'up');
    return new Network();
  }

  /** @param name at most 11 letters: it names the link, too @returns its address */
  addHost(name: string): string {
    const address = `10.77.0.${++this.hosts + 1}`;
    system('ip', 'netns', 'add', name);
    system('ip', 'link', 'add', linkOf(name), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    system('ip', 'link', 'set', linkOf(name), 'master', bridge, 'up');
    system('ip', '-n', name, 'link', 'set', 'lo', 'up');
    system('ip', '-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    system('ip', '-n', name, 'link', 'set', 'eth0', 'up');
    return address;
  }

  /** Nothing gets through; nobody is told. */
  cut(name: string): void {
    system('ip', 'link', 'set', linkOf(name), 'down');
  }

  join(name: string): void {
    system('ip', 'link', 'set', linkOf(name), 'up');
  }

  /** Both ways. */
  slow(name: string): void {
    system('tc', 'qdisc', 'replace', 'dev', linkOf(name), 'root', ...slowness());
    system('tc', '-n', name, 'qdisc', 'replace', 'dev', 'eth0', 'root', ...slowness());
  }

  quicken(name: string): void {
    system('tc', 'qdisc', 'del', 'dev', linkOf(name), 'root');
    system('tc', '-n', name, 'qdisc', 'del', 'dev', 'eth0', 'root');
  }
}

function linkOf(name: string): string {
  return `to-${name}`;
}

let known: readonly string[] | undefined;

/** Delay and rate where the kernel has netem, else the rate alone. */
function slowness(): readonly string[] {
  return (known ??= kernelTakes(['netem', 'delay', '150ms', 'rate', slowRate])
    ? ['netem', 'delay', '150ms', 'rate', slowRate]
    : ['tbf', 'rate', slowRate, 'burst', '16kb', 'latency', '1s']);
}

/** Tried on the loopback of this process's own namespace. */
function kernelTakes(discipline: readonly string[]): boolean {
  const taken = spawnSync('tc', ['qdisc', 'add', 'dev', 'lo', 'root', ...discipline]).status === 0;
  if (taken) system('tc', 'qdisc', 'del', 'dev', 'lo', 'root');
  return taken;
}
