import {
  COMMIT_MOVE,
  PREPARE_MOVE,
  registerMovable,
} from "../future/portable.ts";
import type { JoinHandle, Shareable } from "../task/mod.ts";
import { crew } from "./pool/crew.ts";
import { ATTENTION } from "./pool/layout.ts";
import { PoolMemory } from "./pool/memory.ts";
import { Seat } from "./pool/seat.ts";
import type { Spawner } from "./pool/spawner.ts";
import { ANYWHERE, spawnShareable } from "./spawn_shared.ts";
import { placementOf, type SpawnOptions } from "./spawn_options.ts";
import { threadHost } from "./thread_host.ts";

/** What `postMessage` carries to another thread, for `Handle.import`. */
export interface HandleMessage {
  /** Tells it from other messages. */
  readonly kind: "edo.Handle";
  /** The memory of the runtime. */
  readonly memory: SharedArrayBuffer;
}

/**
 * What spawns shareable tasks into a runtime: on the thread that made it, on its
 * workers, and on any other thread that it was sent to. As an argument or a result
 * of a task it moves; to a Worker of the user's it goes as a message.
 *
 * @example From a Worker of one's own
 * ```ts
 * import { Handle, Runtime, task } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * export const double = task(import.meta, function double(n: number) {
 *   return 2 * n;
 * });
 * if (import.meta.main) {
 *   await using rt = new Runtime({ workers: 1 });
 *   // A Worker would get this message by postMessage.
 *   const message = rt.handle().export();
 *   assertEquals(await Handle.import(message).spawn(double, 21), 42);
 * }
 * ```
 */
export class Handle implements Disposable {
  readonly #spawner: Spawner;
  readonly #memory: PoolMemory | null;
  readonly #start: () => void;
  #hasMoved = false;

  static {
    registerMovable(
      "edo.Handle",
      Handle,
      (message: HandleMessage) => Handle.import(message),
    );
  }

  /** Made by `rt.handle()` and `Handle.import`. */
  constructor(
    spawner: Spawner,
    memory: PoolMemory | null,
    start: () => void,
  ) {
    this.#spawner = spawner;
    this.#memory = memory;
    this.#start = start;
  }

  #check(verb: string): void {
    if (this.#hasMoved) {
      throw new Deno.errors.BadResource(
        `Cannot ${verb} the Handle: it was moved to another task`,
      );
    }
  }

  /**
   * Spawns a shareable task on the runtime. After its shutdown the task is
   * cancelled at once.
   *
   * @throws {TypeError} If `fn` is no shareable task, or an argument cannot travel.
   */
  spawn<A extends unknown[], T>(
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    this.#check("spawn through");
    return spawnShareable(this.#spawner, fn, args, ANYWHERE);
  }

  /** As {@linkcode spawnWith}, on the handle's runtime. */
  spawnWith<A extends unknown[], T>(
    options: SpawnOptions,
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    this.#check("spawn through");
    const placement = placementOf(options, this.#spawner);
    return spawnShareable(this.#spawner, fn, args, placement);
  }

  /**
   * A message that `postMessage` can carry, for {@linkcode Handle.import}. From
   * then on the workers stay until the runtime is shut down, as the thread that
   * has the handle may need them at any time.
   *
   * @throws {Error} If the runtime has no workers.
   */
  export(): HandleMessage {
    this.#check("export");
    if (this.#memory === null) {
      throw new Error(
        "Cannot export a Handle: its runtime has no workers, and other threads " +
          "cannot run tasks on this one",
      );
    }
    this.#memory.setExported();
    this.#start();
    return { kind: "edo.Handle", memory: this.#memory.shared };
  }

  /**
   * Makes a handle of a message that another thread exported. A thread takes a
   * place in the runtime, of which there are 64, with its first import, and keeps
   * it until the runtime ends.
   *
   * @throws {TypeError} If the message is not what `export` has returned.
   * @throws {RangeError} If all places are taken.
   */
  static import(message: HandleMessage): Handle {
    if (
      message?.kind !== "edo.Handle" ||
      !(message.memory instanceof SharedArrayBuffer)
    ) {
      throw new TypeError(
        "Cannot import a Handle: the message is not what export() returned",
      );
    }
    let memory: PoolMemory;
    try {
      memory = PoolMemory.open(message.memory);
    } catch (cause) {
      throw new TypeError(
        "Cannot import a Handle: the message is not what export() returned",
        { cause },
      );
    }
    const seat = crew.seatIn(memory.id) ?? takeSeat(memory);
    return new Handle(seat, seat.memory, () => {});
  }

  /** Part of sending it to another task. */
  [PREPARE_MOVE](): HandleMessage {
    return this.export();
  }

  /** Part of sending it to another task. */
  [COMMIT_MOVE](): void {
    this.#hasMoved = true;
  }

  /** It holds nothing that would have to be closed. */
  [Symbol.dispose](): void {}
}

function takeSeat(memory: PoolMemory): Seat {
  const number = memory.takeOutsideSeat();
  if (number === null) {
    throw new RangeError(
      "Cannot import a Handle: as many threads as there are places for have " +
        "one of this runtime",
    );
  }
  const seat = new Seat(memory, number, threadHost, () => {
    memory.callCreator(ATTENTION.START);
  });
  crew.join(seat);
  return seat;
}
