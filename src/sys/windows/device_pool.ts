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

  /** Gives a share back. A device that is not used is closed, but for one. */
  giveBack(device: D): void {
    if (device.users-- === SOCKETS_PER_DEVICE) this.#roomy.unshift(device);
    if (device.users > 0 || this.#roomy.length === 1) return;
    this.#roomy.splice(this.#roomy.indexOf(device), 1);
    this.#closeOne(device);
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
