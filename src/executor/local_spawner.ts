import { currentContext } from "../future/mod.ts";
import {
  type Declaration,
  Decoder,
  Encoder,
  type Joinable,
  Scope,
  Task,
} from "../task/mod.ts";
import { hostedExecutor, RuntimeScope } from "./hosted.ts";
import type { Placement } from "./pool/placement.ts";
import type { Spawner } from "./pool/spawner.ts";

/**
 * Where shareable tasks go in a runtime without workers: to the thread that spawns
 * them. Their arguments are copied and moved all the same, so that a program does
 * not come to depend on sharing what workers could not share.
 */
export class LocalSpawner implements Spawner {
  readonly workers = 0;
  readonly #encoder = new Encoder();
  readonly #decoder = new Decoder();
  #bytes = new Uint8Array(1024);

  /** The tasks that were spawned from ordinary code. */
  readonly #scope = new RuntimeScope(hostedExecutor(), this);

  /** The scope that is running, if it is this runtime's; a blocked one anyway. */
  #currentScope(): Scope {
    const cx = currentContext();
    const owner = cx?.owner;
    if (!(owner instanceof Scope)) return this.#scope;
    const isOwn = cx!.blocking ||
      owner instanceof RuntimeScope && owner.spawner === this;
    return isOwn ? owner : this.#scope;
  }

  /** Cancels what was spawned from ordinary code and has not ended. */
  close(): void {
    this.#scope.close();
  }

  leastLoaded(): number {
    return 0;
  }

  spawn(
    { fn, name }: Declaration,
    args: readonly unknown[],
    { transfer }: Placement,
  ): Joinable<unknown> {
    const packet = this.#encoder.encodeArguments(name, args, transfer);
    // One array for all: the codec keeps views of the last one.
    if (packet.length > this.#bytes.length) {
      this.#bytes = new Uint8Array(2 * packet.length);
    }
    packet.copyTo(this.#bytes, 0);
    const { attachments } = packet;
    const attached = attachments === null
      ? null
      : structuredClone(attachments, { transfer: [...packet.transfer] });
    packet.commit();
    const copies = this.#decoder.decode(
      this.#bytes,
      0,
      attached,
    ) as unknown[];
    const scope = this.#currentScope();
    const task = new Task(scope, fn, copies);
    if (scope.isClosed) task.cancelNow();
    else scope.scheduler.scheduleSpawned(task);
    return task;
  }
}
