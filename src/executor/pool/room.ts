import type { Declaration } from "../../task/mod.ts";
import type { Functions } from "./functions.ts";
import { MAX_SHARED_BYTES, type Payload, type Payloads } from "./payloads.ts";
import type { Placement } from "./placement.ts";
import type { Slots } from "./slots.ts";
import { NONE } from "./task_deque.ts";

/** A record, the number of its function, and where it is to run. */
export interface Placed {
  readonly record: number;
  readonly number: number;
  readonly placement: Placement;
}

/** What finds room for the tasks that one thread spawns. */
export interface RoomParts {
  readonly slots: Slots;
  readonly functions: Functions;
  readonly payloads: Payloads;
  /** Whether a port leads from the thread to one that may run a task. */
  canSend(placement: Placement): boolean;
  /** Gives a task a worker to which a port leads. */
  pin(name: string, placement: Placement): Placement;
}

/** Finds room for tasks in shared memory: a record, and what its arguments take. */
export class Room {
  readonly #parts: RoomParts;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /**
   * Has a record for a task, with its arguments. Null: there is no room now.
   *
   * @throws {RangeError} If there never will be.
   */
  find(
    declaration: Declaration,
    payload: Payload,
    placement: Placement,
  ): Placed | null {
    const { functions, slots } = this.#parts;
    const number = functions.numberOf(declaration);
    if (number === NONE) return null;
    const record = slots.allocate();
    if (record === NONE) return null;
    let placed: Placement | null = null;
    try {
      placed = this.#write(declaration.name, record, payload, placement);
    } finally {
      if (placed === null) slots.release(record);
    }
    return placed && { record, number, placement: placed };
  }

  /** Writes a task's arguments. Where they went by port, it has got a worker. */
  #write(
    name: string,
    record: number,
    payload: Payload,
    placement: Placement,
  ): Placement | null {
    const { payloads, canSend, pin } = this.#parts;
    if (payloads.write(record, payload, placement.on)) return placement;
    // For a blocking task it would wait in this thread too, see `held.ts`.
    const isLarge = payload.length > MAX_SHARED_BYTES;
    if (canSend(placement) && (isLarge || !placement.blocking)) {
      placement = pin(name, placement);
      if (payloads.write(record, payload, placement.on)) return placement;
    }
    if (!isLarge) return null;
    throw new RangeError(
      `Cannot spawn "${name}": its arguments take ${payload.length} bytes, and ` +
        `${MAX_SHARED_BYTES} at most can go ` +
        (placement.blocking
          ? "to a blocking task from such a thread"
          : "from a thread that has imported its Handle"),
    );
  }
}

/** Where `canSend` is false, and the arguments have buffers that go by port alone. */
export function noWay(name: string): TypeError {
  return new TypeError(
    `Cannot spawn "${name}" as a blocking task: shared and transferred buffers ` +
      "go there from workers and from the runtime's own thread only",
  );
}
