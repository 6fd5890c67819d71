import { assert, assertEquals } from "@std/assert";
import {
  type Context,
  type Coroutine,
  join,
  JoinError,
  type JoinHandle,
  select,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { seededRandom } from "../time_support.ts";
import { everyFlavour } from "./flavours.ts";
import { Failures, Gate, PollFn, Resource } from "./support.ts";

class Expected extends Error {}

/** Tasks that do what chance tells them to, and keep account of what becomes of them. */
class World {
  readonly #random: () => number;
  readonly gates = Array.from({ length: 4 }, () => new Gate<number>());
  readonly handles: JoinHandle<number>[] = [];
  readonly resources: Resource[] = [];
  started = 0;
  cleaned = 0;
  /** The errors that tasks threw, and those that somebody received. */
  readonly thrown = new Set<unknown>();
  readonly received = new Set<unknown>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  pick(n: number): number {
    return Math.floor(n * this.#random());
  }

  spawn(depth: number): JoinHandle<number> {
    const resource = new Resource();
    this.resources.push(resource);
    const handle = spawn(
      (taken: Resource) => this.body(depth, taken),
      resource,
    );
    this.handles.push(handle);
    return handle;
  }

  *body(depth: number, resource: Resource): Coroutine<number> {
    using _ = resource;
    this.started++;
    try {
      for (let steps = this.pick(8); steps > 0; steps--) yield* this.act(depth);
      if (this.pick(12) === 0) {
        const error = new Expected();
        this.thrown.add(error);
        throw error;
      }
      return depth;
    } finally {
      this.cleaned++;
      if (this.pick(8) === 0) this.gates[this.pick(4)]!.wakeSpuriously();
    }
  }

  *act(depth: number): Coroutine<void> {
    switch (this.pick(9)) {
      case 0:
        return yield* yieldNow();
      case 1:
        return yield* time.sleep(this.pick(3));
      case 2:
        if (depth > 0) this.spawn(depth - 1);
        return;
      case 3:
        if (depth > 0) yield* this.receive(this.spawn(depth - 1));
        return;
      case 4:
        return this.someHandle()?.abort();
      case 5:
        yield* select(
          this.gates[this.pick(4)]!.wait(),
          time.sleep(this.pick(3)),
        );
        return;
      case 6:
        return this.gates[this.pick(4)]!.wakeSpuriously();
      case 7: {
        const handle = this.someHandle();
        if (handle === undefined) return;
        yield* select(this.receive(handle), time.sleep(1));
        return;
      }
      default:
        yield* join(yieldNow(), time.sleep(0), yieldNow());
    }
  }

  someHandle(): JoinHandle<number> | undefined {
    return this.handles[this.pick(this.handles.length)];
  }

  *receive(handle: JoinHandle<number>): Coroutine<void> {
    try {
      yield* handle;
    } catch (error) {
      if (!(error instanceof JoinError)) throw error;
      if (error.kind === "failed") this.received.add(error.cause);
    }
  }
}

everyFlavour(
  "whatever tasks do to each other, each is cleaned up once and no error is lost",
  async (rt) => {
    for (let round = 0; round < 20; round++) {
      const seed = Math.floor(Math.random() * 2 ** 32);
      const world = new World(seed);
      using failures = new Failures();
      const held = await rt.start(function* () {
        for (let i = 0; i < 30; i++) world.spawn(3);
        // In every other round the end comes while tasks are still waiting.
        yield* time.sleep(3);
        if (round % 2 === 0) {
          for (const handle of world.handles) yield* world.receive(handle);
        }
        const cx: Context = yield* new PollFn((cx) => cx);
        return round % 2 === 0 ? time.timersOf(cx).held : 0;
      });
      const message = `seed ${seed}, round ${round}`;
      assertEquals(world.cleaned, world.started, message);
      assertEquals(held, 0, message);
      assert(world.handles.every(({ isFinished }) => isFinished), message);
      assert(world.resources.every(({ closed }) => closed === 1), message);
      assertEquals(world.gates.map(({ waiting }) => waiting), [0, 0, 0, 0]);
      const reported = failures.seen.map(({ error }) => error);
      assertEquals(new Set(reported).size, reported.length, message);
      // Some were reported before somebody asked for them after all.
      const known = world.received.union(new Set(reported));
      const lost = world.thrown.difference(known);
      const foreign = known.difference(world.thrown);
      assertEquals([lost.size, [...foreign]], [0, []], message);
    }
  },
);
