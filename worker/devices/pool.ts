import type { DeviceLoan, Devices } from '../../activities/services.js';
import type { DeviceName } from '../../engine/device/device.js';

/** Lends devices, each to one at a time; who comes when none is free waits for its turn. */
export class DevicePool implements Devices {
  readonly names: readonly DeviceName[];
  private readonly free: DeviceName[];
  private readonly waiting = new Set<(device: DeviceName) => void>();

  /** @param places a device as often as it does something at once */
  constructor(places: readonly DeviceName[]) {
    this.names = [...new Set(places)];
    this.free = [...places];
  }

  async borrow(signal: AbortSignal): Promise<DeviceLoan> {
    signal.throwIfAborted();
    const device = this.free.shift() ?? (await this.turn(signal));
    let lent = true;
    const giveBack = (): void => {
      if (lent) this.take(device);
      lent = false;
    };
    return { device, giveBack };
  }

  private turn(signal: AbortSignal): Promise<DeviceName> {
    return new Promise((resolve, reject) => {
      const onTurn = (device: DeviceName): void => {
        this.waiting.delete(onTurn);
        signal.removeEventListener('abort', giveUp);
        resolve(device);
      };
      const giveUp = (): void => {
        this.waiting.delete(onTurn);
        reject(signal.reason as Error);
      };
      this.waiting.add(onTurn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  private take(device: DeviceName): void {
    const [next] = this.waiting;
    if (next === undefined) this.free.unshift(device);
    else next(device);
  }
}
