import type { Context, Drivers, Owner, Waker } from "../future/mod.ts";
import { Interest, type Reactor, reactorOf, Token } from "../reactor/mod.ts";
import { checkReadPermission } from "./read_permission.ts";
import {
  HEARD,
  SERVED,
  SIGNAL_BYTES,
  type SignalOrder,
  type SignalSetup,
} from "./signal_messages.ts";

/**
 * Ctrl-C, as the futures of one executor hear it.
 *
 * There is a listener while somebody waits: the process ends by Ctrl-C as by
 * default when there is none. It listens for one signal, which goes to all who
 * wait at that moment. When the last of them is gone the listener stays until the
 * tasks that are ready have had their turn: a loop that waits for Ctrl-C beside
 * something else gives up one future and makes the next all the time, and a signal
 * in between must not end the process. It goes to the next that waits.
 */
export abstract class Interrupts {
  readonly #drivers: Drivers;
  readonly #waiting = new Map<object, Waker>();
  /** Who waited when a signal came, and does not know it yet. */
  readonly #called = new Set<object>();
  /** Whether nobody has learned of the last signal. */
  #isUnclaimed = false;
  #isReleaseQueued = false;

  constructor(drivers: Drivers) {
    this.#drivers = drivers;
  }

  /** Sees to it that the next signal is heard, from when this returns on. */
  protected abstract listen(cx: Context): void;
  /** Gives the signal back to the default action. */
  protected abstract unlisten(): void;
  /** Calls `hear` if there was a signal. */
  protected collect(): void {}

  /** Whether a signal came since `who` first asked. If not, `cx.waker` is called. */
  poll(who: object, cx: Context): boolean {
    this.collect();
    const isLeftOver = this.#isUnclaimed && this.#called.size === 0 &&
      !this.#waiting.has(who);
    if (this.#called.delete(who) || isLeftOver) {
      this.#isUnclaimed = false;
      this.#releaseIfUnused();
      return true;
    }
    if (!this.#waiting.has(who)) this.listen(cx);
    this.#waiting.set(who, cx.waker);
    return false;
  }

  /** `who` does not wait any more. */
  leave(who: object): void {
    this.collect();
    this.#waiting.delete(who);
    this.#called.delete(who);
    this.#releaseIfUnused();
  }

  /** There was a signal. */
  protected hear(): void {
    this.#isUnclaimed = true;
    for (const who of this.#waiting.keys()) this.#called.add(who);
    this.askAgain();
  }

  /** Has those who wait poll once more. */
  protected askAgain(): void {
    const wakers = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waker of wakers) waker.wake();
  }

  get #isUnused(): boolean {
    return this.#waiting.size === 0 && this.#called.size === 0;
  }

  #releaseIfUnused(): void {
    if (!this.#isUnused || this.#isReleaseQueued) return;
    this.#isReleaseQueued = true;
    this.#drivers.defer({
      wake: () => {
        this.#isReleaseQueued = false;
        if (!this.#isUnused) return;
        this.#isUnclaimed = false;
        this.unlisten();
      },
    });
  }
}

/** Where Deno's event loop turns, and calls listeners itself. */
class LoopInterrupts extends Interrupts {
  /** A listener does not keep the process alive; a timer does. */
  #alive: ReturnType<typeof setInterval> | undefined;
  readonly #hear = () => {
    this.unlisten();
    this.hear();
  };

  protected override listen(): void {
    if (this.#alive !== undefined) return;
    Deno.addSignalListener("SIGINT", this.#hear);
    // Its length is of no account.
    this.#alive = setInterval(() => {}, 2 ** 30);
  }

  protected override unlisten(): void {
    Deno.removeSignalListener("SIGINT", this.#hear);
    clearInterval(this.#alive);
    this.#alive = undefined;
  }
}

/** How long the thread that listens may take to start, in milliseconds. */
const MAX_START_MS = 10_000;

/**
 * Where the thread is blocked: a thread of its own listens, and wakes the reactor.
 * It stays, without a listener while nobody waits, until its owner ends.
 */
class ThreadInterrupts extends Interrupts {
  #thread: SignalThread | null = null;

  protected override listen(cx: Context): void {
    this.#thread ??= new SignalThread(reactorOf(cx), cx.owner, {
      onSignal: () => this.hear(),
      onEnd: () => {
        this.#thread = null;
        // Those of another owner that still wait start the next one.
        this.askAgain();
      },
    });
    this.#thread.listen();
  }

  protected override unlisten(): void {
    this.#thread?.unlisten();
  }

  protected override collect(): void {
    this.#thread?.collect();
  }
}

/** Never called: it makes Deno fetch the module along with the program. */
export const fetchSignalThread = () => import("./signal_thread.ts");

/** One thread that listens, from the side of the thread that it serves. */
class SignalThread implements Waker, Disposable {
  readonly #reactor: Reactor;
  readonly #owner: Owner | null;
  readonly #on: { onSignal(): void; onEnd(): void };
  readonly #worker: Worker;
  readonly #words = new Int32Array(new SharedArrayBuffer(SIGNAL_BYTES));
  #orders = 0;
  #heard = 0;
  #isListening = false;

  constructor(
    reactor: Reactor,
    owner: Owner | null,
    on: { onSignal(): void; onEnd(): void },
  ) {
    checkReadPermission("wait for Ctrl-C inside block_on", import.meta.url);
    this.#reactor = reactor;
    this.#owner = owner;
    this.#on = on;
    this.#worker = new Worker(new URL("./signal_thread.ts", import.meta.url), {
      type: "module",
      name: "edo ctrlC",
    });
    const setup: SignalSetup = {
      do: "setup",
      words: this.#words.buffer,
      reactor: reactor.handle().export(),
    };
    this.#worker.postMessage(setup);
    reactor.setWaker(Token.WAKE, Interest.READABLE, this);
    owner?.adopt(this);
  }

  /**
   * The thread is waited for, 20 to 30 ms for its start and 200 µs later on: code
   * that runs after a first poll, such as one that announces a server, can rely on
   * the listener. In a worker the start takes a second: a worker of a worker's
   * sleeps for that long before it loads its module (Deno 2.9.6).
   */
  listen(): void {
    if (this.#isListening) return;
    const number = this.#order("listen");
    const end = performance.now() + MAX_START_MS;
    let served: number;
    while ((served = Atomics.load(this.#words, SERVED)) !== number) {
      const left = end - performance.now();
      if (left <= 0) {
        this.#worker.terminate();
        this[Symbol.dispose]();
        throw new Error(
          "Cannot wait for Ctrl-C: the thread that listens did not start " +
            `within ${MAX_START_MS} ms`,
        );
      }
      Atomics.wait(this.#words, SERVED, served, left);
    }
    this.#isListening = true;
  }

  unlisten(): void {
    this.#isListening = false;
    // Nobody else would end it.
    if (this.#owner === null) this[Symbol.dispose]();
    else this.#order("unlisten");
  }

  /** Looks whether there was a signal. */
  collect(): void {
    const heard = Atomics.load(this.#words, HEARD);
    if (heard === this.#heard) return;
    this.#heard = heard;
    this.#isListening = false;
    this.#on.onSignal();
  }

  /** Somebody woke the reactor: perhaps the thread. */
  wake(): void {
    this.#reactor.setWaker(Token.WAKE, Interest.READABLE, this);
    this.collect();
  }

  #order(what: SignalOrder["do"]): number {
    const order: SignalOrder = { do: what, number: ++this.#orders };
    this.#worker.postMessage(order);
    return order.number;
  }

  /**
   * Ends the thread. It is asked, not terminated: in the middle of a wake it would
   * leave the reactor waiting for the rest of that.
   */
  [Symbol.dispose](): void {
    this.#order("end");
    this.#reactor.unsetWaker(Token.WAKE, Interest.READABLE, this);
    this.#owner?.release(this);
    this.#on.onEnd();
  }
}

const interruptsOf = new WeakMap<Drivers, Interrupts>();

/** Ctrl-C for what is polled with this context. */
export function interruptsFor({ drivers, blocking }: Context): Interrupts {
  let interrupts = interruptsOf.get(drivers);
  if (interrupts === undefined) {
    interrupts = blocking
      ? new ThreadInterrupts(drivers)
      : new LoopInterrupts(drivers);
    interruptsOf.set(drivers, interrupts);
  }
  return interrupts;
}
