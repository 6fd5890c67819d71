/** What {@linkcode DevicePool} shares out: an `AfdDevice`, but for tests. */
export interface SharedDevice {
  /** How many sockets use it; only the pool changes it. */
  users: number;
  close(): void;
}

/**
 * How many sockets share a device handle.
 *
 * The kernel keeps the requests of one open file in a list, and walks it to find
 * the one that is to be cancelled: a single handle for ten thousand sockets makes
 * each cancellation walk ten thousand entries, and churn becomes quadratic. A
 * handle for each socket would double the number of handles. At 32 the walk is
 * short and the handles are 3 % more; wepoll and mio settled on it too.
 */
export const SOCKETS_PER_DEVICE = 32;

/** Shares device handles out among sockets, opening and closing them as needed. */
export class DevicePool<D extends SharedDevice> {
  readonly #open: () => D;
  /**
   * Those that have room, the fullest first as a rule: the others have a chance to
   * run out of users, and to be closed.
   */
  readonly #roomy: D[] = [];
  #size = 0;

  constructor(open: () => D) {
    this.#open = open;
  }

  /** How many are open. */
  get size(): number {
    return this.#size;
  }

  /** Takes a share in a device with room for it. */
  take(): D {
    let device = this.#roomy[0];
    if (device === undefined) {
      device = this.#open();
      this.#size++;
      this.#roomy.push(device);
    }
    if (++device.users === SOCKETS_PER_DEVICE) this.#roomy.shift();
    return device;
  }

  /**
   * Gives a share back. A device that is not used is closed, unless it is the only
   * one that has room: the next socket will need it.
   */
  giveBack(device: D): void {
    const roomy = this.#roomy;
    if (device.users-- === SOCKETS_PER_DEVICE) {
      roomy.unshift(device);
      // The one that was kept for its room alone is last, and has done its duty.
      const kept = roomy.at(-1)!;
      if (kept.users === 0) this.#closeOne(roomy.pop()!);
    } else if (device.users === 0 && roomy.length > 1) {
      roomy.splice(roomy.indexOf(device), 1);
      this.#closeOne(device);
    }
  }

  #closeOne(device: D): void {
    device.close();
    this.#size--;
  }

  /** Closes those that have room: all of them, once every share is back. */
  close(): void {
    for (const device of this.#roomy) this.#closeOne(device);
    this.#roomy.length = 0;
  }
}
