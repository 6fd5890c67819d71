import { osError } from "../sys/error.ts";
import { AfdDevice } from "../sys/windows/afd_device.ts";
import { baseHandle } from "../sys/windows/base_handle.ts";
import { CompletionPort } from "../sys/windows/completion_port.ts";
import { DevicePool } from "../sys/windows/device_pool.ts";
import { PollSlab } from "../sys/windows/poll_slab.ts";
import type { Backend, SignalTarget } from "./backend.ts";
import { type PollKernel, SocketPoll } from "./windows_poll.ts";

/** `EEXIST`. */
const EXISTS = 17;

/** How long `close` waits for completions that the driver owes it, at a time. */
const DRAIN_MS = 100;

/** How often it does, before it leaves the memory to the system for good. */
const DRAIN_ROUNDS = 50;

/** A socket that is watched, and its poll's connection to the system. */
class Registration implements PollKernel {
  readonly poll: SocketPoll = new SocketPoll(this);
  readonly fd: number;
  readonly key: number;
  readonly generation: number;
  /** Whether it is in the list of those to be updated. */
  queued = false;
  readonly #backend: AfdBackend;
  readonly #handle: bigint;
  readonly #device: AfdDevice;
  readonly #slab: PollSlab;
  readonly #slot: number;

  constructor(
    backend: AfdBackend,
    resources: { handle: bigint; device: AfdDevice; slab: PollSlab },
    name: { fd: number; key: number; generation: number },
  ) {
    this.fd = name.fd;
    this.key = name.key;
    this.generation = name.generation;
    this.#backend = backend;
    this.#handle = resources.handle;
    this.#device = resources.device;
    this.#slab = resources.slab;
    this.#slot = this.#slab.take();
  }

  get slot(): number {
    return this.#slot;
  }

  submit(events: number): number {
    this.#slab.write(this.#slot, this.#handle, events);
    return this.#device.poll(this.#slab, this.#slot);
  }

  cancel(): void {
    // It fails if the poll has completed by itself: the packet is in the port.
    this.#device.cancel(this.#slab, this.#slot);
  }

  release(): void {
    this.#slab.giveBack(this.#slot);
    this.#backend.released(this, this.#device);
  }

  /** Takes in the completion of its poll, see {@linkcode SocketPoll.complete}. */
  complete(): number {
    const slab = this.#slab;
    const status = slab.status(this.#slot);
    return this.poll.complete(status, slab.events(this.#slot));
  }
}

/**
 * Windows: a completion port, and polls of the driver of sockets (AFD), which is
 * what Winsock's own `select` is made of. Unlike it they complete to a port.
 *
 * A poll is answered once; so the next event of a direction has to be asked for
 * (`rearm`), and events are levels. What is asked for is gathered, and sent to the
 * driver before the next wait, or at once while another thread is waiting.
 */
export class AfdBackend implements Backend {
  readonly name = "afd";
  readonly supportsSockets = true;
  readonly edgeTriggered = false;
  readonly signalTarget: SignalTarget;
  readonly #port: CompletionPort;
  readonly #slab = new PollSlab();
  readonly #devices: DevicePool<AfdDevice>;
  readonly #byKey: (Registration | null)[] = [];
  readonly #bySlot: (Registration | null)[] = [];
  readonly #byFd = new Map<number, Registration>();
  /** Those whose poll in flight is not the one that is wanted. */
  #updates: Registration[] = [];
  /** Events that the driver told at once, for the next wait to report. */
  #early: [Registration, number][] = [];
  /** The events of the last wait. */
  readonly #keys: number[] = [];
  readonly #generations: number[] = [];
  readonly #readiness: number[] = [];
  #count = 0;
  #waitingAsync = false;
  #closed = false;
  /** It was closed at the end of its thread, and its memory may be gone. */
  #hasEnded = false;

  constructor() {
    const port = this.#port = new CompletionPort();
    this.#devices = new DevicePool(() => new AfdDevice(port));
    this.signalTarget = { backend: this.name, target: Number(port.handle) };
  }

  /** Ends a wait; called on any thread, with what `signalTarget` holds. */
  static signal({ target }: SignalTarget): void {
    CompletionPort.postTo(target);
  }

  /** What is held of the system, for tests: all 0 after `close`. */
  get held(): { sockets: number; polls: number; devices: number } {
    return {
      sockets: this.#byFd.size,
      polls: this.#slab.size,
      devices: this.#devices.size,
    };
  }

  register(fd: number, key: number, generation: number): void {
    if (this.#byFd.has(fd)) {
      throw osError(EXISTS, "register", `register socket ${fd}`);
    }
    const handle = baseHandle(fd);
    const registration = new Registration(
      this,
      { handle, device: this.#devices.take(), slab: this.#slab },
      { fd, key, generation },
    );
    this.#byKey[key] = registration;
    this.#bySlot[registration.slot] = registration;
    this.#byFd.set(fd, registration);
  }

  rearm(key: number, interest: number): void {
    const registration = this.#byKey[key];
    if (registration && registration.poll.want(interest)) {
      this.#enqueue(registration);
    }
  }

  deregister(fd: number, key: number): void {
    const registration = this.#byKey[key];
    if (!registration) return;
    this.#byKey[key] = null;
    if (this.#byFd.get(fd) === registration) this.#byFd.delete(fd);
    registration.poll.remove();
  }

  /** A registration's poll is over, and its place in memory free. */
  released(registration: Registration, device: AfdDevice): void {
    this.#bySlot[registration.slot] = null;
    this.#devices.giveBack(device);
    // The handle may be another socket's from now on.
    if (this.#byFd.get(registration.fd) === registration) {
      this.#byFd.delete(registration.fd);
    }
  }

  #enqueue(registration: Registration): void {
    if (registration.queued) return;
    registration.queued = true;
    this.#updates.push(registration);
    if (!this.#waitingAsync) return;
    this.#flush();
    // What is known already has to end the wait: a packet does.
    if (this.#early.length > 0) this.#port.post();
  }

  /** Sends what is wanted to the driver. */
  #flush(): void {
    const updates = this.#updates;
    if (updates.length === 0) return;
    this.#updates = [];
    for (const registration of updates) {
      registration.queued = false;
      const readiness = registration.poll.update();
      if (readiness !== 0) this.#early.push([registration, readiness]);
    }
  }

  #report(registration: Registration, readiness: number): void {
    const index = this.#count++;
    this.#keys[index] = registration.key;
    this.#generations[index] = registration.generation;
    this.#readiness[index] = readiness;
  }

  /** Starts the events of a wait, with those that are known without one. */
  #begin(): void {
    this.#count = 0;
    const early = this.#early;
    if (early.length === 0) return;
    this.#early = [];
    for (const [registration, readiness] of early) {
      this.#report(registration, readiness);
    }
  }

  /** Takes the packets of the last wait in. Returns whether one was a signal. */
  #takeIn(packets: number): boolean {
    let signalled = false;
    for (let i = 0; i < packets; i++) {
      const overlapped = this.#port.overlapped(i);
      if (overlapped === 0) {
        signalled = true;
        continue;
      }
      const registration = this.#bySlot[PollSlab.slotOf(overlapped)]!;
      const readiness = registration.complete();
      if (readiness !== 0) this.#report(registration, readiness);
      if (registration.poll.needsUpdate) this.#enqueue(registration);
    }
    return signalled;
  }

  wait(timeoutMs: number): number {
    const deadline = performance.now() + timeoutMs;
    for (let left = timeoutMs;;) {
      this.#flush();
      this.#begin();
      const packets = this.#port.wait(this.#count > 0 ? 0 : left);
      const signalled = this.#takeIn(packets);
      if (this.#count > 0 || signalled) return this.#count;
      // Windows came back a part of a tick early, or all packets were of polls that
      // had been cancelled.
      left = Math.max(0, deadline - performance.now());
      if (left === 0) return 0;
    }
  }

  async waitAsync(): Promise<number> {
    for (;;) {
      this.#flush();
      this.#begin();
      if (this.#count > 0) return this.#count;
      this.#waitingAsync = true;
      const status = await this.#port.waitAsync();
      this.#waitingAsync = false;
      if (this.#hasEnded) return 0;
      // A `wait(0)` in between has reported events of its own.
      this.#begin();
      const signalled = this.#takeIn(this.#port.take(status));
      if (this.#closed) {
        this.#release();
        return 0;
      }
      if (this.#count > 0 || signalled) return this.#count;
    }
  }

  eventKey(index: number): number {
    return this.#keys[index]!;
  }

  eventGeneration(index: number): number {
    return this.#generations[index]!;
  }

  eventReadiness(index: number): number {
    return this.#readiness[index]!;
  }

  close(atEnd = false): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const registration of this.#byKey) {
      if (registration) this.deregister(registration.fd, registration.key);
    }
    // A wait on another thread may hold packets: it ends first, and goes on here.
    if (!this.#waitingAsync) return this.#release();
    this.#port.post();
    if (atEnd) this.#closeAtEnd();
  }

  /** Nothing goes on here: the end of the wait on another thread is awaited. */
  #closeAtEnd(): void {
    this.#hasEnded = true;
    const packets = this.#port.takeAtEnd();
    // Rather a leak than memory that is written to and somebody else's.
    if (packets < 0) return;
    this.#takeIn(packets);
    this.#release();
  }

  /** Waits for the completions of cancelled polls, then gives everything back. */
  #release(): void {
    for (let i = 0; this.#slab.size > 0 && i < DRAIN_ROUNDS; i++) {
      this.#takeIn(this.#port.wait(DRAIN_MS));
    }
    this.#devices.close();
    this.#slab.close();
    this.#port.close();
  }
}
