import { BlockList, isIP } from 'node:net';
import { InputFault } from '../../errors/fault.js';
import { oneLine } from '../terminal/layout.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** @throws InputFault for what is no address to listen at */
export function requireAddress(host: string): void {
  if (isIP(host) !== 0 || host === 'localhost') return;
  throw new InputFault({
    where: '--host',
    what: 'this is no address',
    found: oneLine(host),
    expected: 'an IP address of this machine, as in 127.0.0.1, 0.0.0.0 or ::1, or localhost',
  });
}
