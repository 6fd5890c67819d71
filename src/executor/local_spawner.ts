import { currentContext } from "../future/mod.ts";
import {
  type Declaration,
  Decoder,
  Encoder,
  type Joinable,
  Scope,
  Task,
} from "../task/mod.ts";
import { hostedExecutor } from "./hosted.ts";
import type { Placement } from "./pool/seat.ts";
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

  leastLoaded(): number {
    return 0;
  }

  spawn(
    { fn, name }: Declaration,
    args: readonly unknown[],
    { transfer }: Placement,
  ): Joinable<unknown> {
    const packet = this.#encoder.encodeArguments(name, args, transfer);
    const bytes = new Uint8Array(new ArrayBuffer(packet.length));
    packet.copyTo(bytes, 0);
    const { attachments } = packet;
    const attached = attachments === null
      ? null
      : structuredClone(attachments, { transfer: [...packet.transfer] });
    packet.commit();
    const copies = this.#decoder.decode(bytes, 0, attached) as unknown[];
    const owner = currentContext()?.owner;
    const scope = owner instanceof Scope ? owner : hostedExecutor().owner;
    const task = new Task(scope, fn, copies);
    if (scope.isClosed) task.cancelNow();
    else scope.scheduler.scheduleSpawned(task);
    return task;
  }
}
