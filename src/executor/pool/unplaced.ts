import type { Declaration } from "../../task/mod.ts";
import type { Endings } from "./endings.ts";
import type { PoolMemory } from "./memory.ts";
import type { Payload, Payloads } from "./payloads.ts";
import type { Placement } from "./placement.ts";
import type { RemoteTask } from "./remote_task.ts";
import type { Placed, Room } from "./room.ts";
import {
  ABORTED,
  FAILED,
  type LOST,
  type SharedEnding,
} from "./shared_state.ts";
import { Waiting } from "./waiting.ts";

/** What it takes to spawn a task later. */
export interface UnplacedTask {
  readonly task: RemoteTask;
  readonly declaration: Declaration;
  readonly payload: Payload;
  readonly placement: Placement;
}

/** What belongs to the seat of the thread that spawned them. */
export interface UnplacedParts {
  readonly memory: PoolMemory;
  readonly room: Room;
  readonly payloads: Payloads;
  readonly endings: Endings;
  /** Puts a task that has found room where it is run. */
  place(task: RemoteTask, placed: Placed): void;
  /** Tells those who join a task. */
  settle(task: RemoteTask, ending: SharedEnding, outcome: unknown): void;
}

/**
 * The tasks that a thread has spawned and that found no room in shared memory: so
 * spawning never blocks, and never fails for lack of room.
 */
export class Unplaced {
  readonly #parts: UnplacedParts;
  readonly #waiting = new Waiting<UnplacedTask>();
  readonly #placer = (entry: UnplacedTask) => this.#place(entry);

  constructor(parts: UnplacedParts) {
    this.#parts = parts;
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#waiting.isEmpty;
  }

  /** Has a task wait. */
  add(task: UnplacedTask): void {
    this.#waiting.push(task);
  }

  /** Spawns those for which there is room by now. */
  retry(): void {
    this.#waiting.retry(this.#placer);
  }

  /** False: there is still no room for it. */
  #place({ task, declaration, payload, placement }: UnplacedTask): boolean {
    const { memory, room, payloads, endings, place, settle } = this.#parts;
    if (task.isComplete || memory.life.isClosed) {
      payloads.drop(payload);
      this.settle(task, ABORTED);
      return true;
    }
    try {
      const placed = room.find(declaration, payload, placement);
      if (placed === null) return false;
      place(task, placed);
    } catch (error) {
      endings.count(FAILED);
      settle(task, FAILED, error);
    }
    return true;
  }

  /** Ends all of them. */
  end(ending: typeof ABORTED | typeof LOST): void {
    let entry;
    while ((entry = this.#waiting.take()) !== undefined) {
      this.#parts.payloads.drop(entry.payload);
      this.settle(entry.task, ending);
    }
  }

  /** Ends one of them, which goes when its turn comes. */
  settle(task: RemoteTask, ending: typeof ABORTED | typeof LOST): void {
    if (task.isComplete) return;
    this.#parts.endings.count(ending);
    this.#parts.settle(task, ending, undefined);
  }
}
