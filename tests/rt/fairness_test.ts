import { assert, assertEquals } from "@std/assert";
import {
  type Coroutine,
  join,
  type JoinHandle,
  net,
  Pending,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, FLAVOURS, rtTest } from "./flavours.ts";
import { Gate, PollFn, yieldTimes } from "./support.ts";

/** A task that asks to be polled again in each of its polls, for ever. */
function busy(): PollFn<never> {
  return new PollFn<never>((cx) => {
    cx.waker.wake();
    return Pending;
  });
}

everyFlavour(
  "a yielding task comes behind all tasks that are ready",
  async (rt) => {
    for (const kind of ["spawned", "woken"]) {
      for (const count of [1, 10, 60, 61, 62, 500]) {
        const ran = await rt.start(function* () {
          const gate = new Gate();
          let ran = 0;
          for (let i = 0; i < count; i++) {
            spawn(function* () {
              if (kind === "woken") yield* gate.wait();
              ran++;
            });
          }
          if (kind === "woken") {
            while (gate.waiting < count) yield* yieldNow();
            gate.open();
          }
          yield* yieldNow();
          return ran;
        });
        assertEquals(ran, count, `${count} ${kind}`);
      }
    }
  },
);

everyFlavour("tasks that yield take turns", async (rt) => {
  const order: string[] = [];
  await rt.start(function* () {
    function* walk(name: string): Coroutine<void> {
      for (let step = 0; step < 4; step++) {
        order.push(name);
        yield* yieldNow();
      }
    }
    yield* join(spawn(walk, "a"), spawn(walk, "b"), spawn(walk, "c"));
  });
  for (let round = 0; round < 4; round++) {
    assertEquals(order.slice(3 * round, 3 * round + 3).sort(), ["a", "b", "c"]);
  }
});

everyFlavour(
  "beside a task that wakes itself for ever, everything else goes on",
  async (rt) => {
    const start = performance.now();
    const elapsed = await rt.start(function* () {
      spawn(busy());
      const gate = new Gate<string>();
      const other = spawn(() => gate.wait());
      yield* time.sleep(10);
      const elapsed = performance.now() - start;
      gate.open("woken");
      assertEquals(yield* other, "woken");
      yield* yieldTimes(5);
      return elapsed;
    });
    assert(elapsed >= 10, `early: ${elapsed}`);
  },
);

everyFlavour(
  "a task that wakes itself until its own sleep is over ends, and not early",
  async (rt) => {
    const elapsed = await rt.start(function* () {
      const start = performance.now();
      const sleep = time.sleep(10);
      yield* new PollFn((cx) => {
        if (sleep.poll(cx) !== Pending) return;
        cx.waker.wake();
        return Pending;
      });
      return performance.now() - start;
    });
    assert(elapsed >= 10, `early: ${elapsed}`);
  },
);

everyFlavour(
  "pairs of tasks that wake each other without end starve nobody",
  async (rt) => {
    await rt.start(function* () {
      for (let pair = 0; pair < 100; pair++) {
        const sides = [new Gate(), new Gate()];
        let turn = 0;
        const player = (side: number) =>
          new PollFn<never>((cx) => {
            if (turn === side) {
              turn = 1 - side;
              const other = sides[1 - side]!;
              other.wakeSpuriously();
            }
            sides[side]!.wait().poll(cx);
            return Pending;
          });
        spawn(player(0));
        spawn(player(1));
      }
      yield* yieldTimes(5);
      yield* spawn(() => yieldTimes(5));
      yield* time.sleep(2);
    });
  },
);

everyFlavour(
  "a task that spawns its own successor for ever starves nobody",
  async (rt) => {
    let generations = 0;
    await rt.start(function* () {
      function successor(): void {
        generations++;
        spawn(successor);
      }
      spawn(successor);
      const gate = new Gate();
      const waiting = spawn(() => gate.wait());
      const old = spawn(() => "old");
      yield* yieldTimes(5);
      gate.open();
      yield* waiting;
      assertEquals(yield* old, "old");
      yield* time.sleep(2);
      assertEquals(yield* spawn(() => "new"), "new");
    });
    assert(generations > 100);
  },
);

everyFlavour(
  "tasks that spawn and are joined without end starve nobody",
  async (rt) => {
    await rt.start(function* () {
      let stop = false;
      const looper = spawn(function* () {
        while (!stop) yield* spawn(() => 1);
      });
      yield* yieldTimes(5);
      yield* time.sleep(2);
      stop = true;
      yield* looper;
    });
  },
);

everyFlavour(
  "the oldest spawned task runs although newer ones keep coming",
  async (rt) => {
    await rt.start(function* () {
      const first = new Gate();
      spawn(() => first.open());
      function breeder(): void {
        spawn(breeder);
        spawn(breeder);
      }
      spawn(breeder);
      yield* first.wait();
    });
  },
);

everyFlavour(
  "results that are always ready make a task give way, and others advance steadily",
  async (rt) => {
    const distances = await rt.start(function* () {
      const finished = spawn(() => 1);
      yield* finished;
      let taken = 0;
      let stop = false;
      const greedy = spawn(function* () {
        while (!stop && taken < 1_000_000) taken += yield* finished;
      });
      const distances: number[] = [];
      for (let i = 0, before = taken; i < 20; i++) {
        yield* yieldNow();
        distances.push(taken - before);
        before = taken;
      }
      stop = true;
      yield* greedy;
      return distances;
    });
    // The budget of a poll: 128 results.
    assert(distances.every((n) => n <= 128), String(distances));
    assert(distances.filter((n) => n > 0).length >= 10, String(distances));
  },
);

everyFlavour("the parts of a join share one budget", async (rt) => {
  const most = await rt.start(function* () {
    const finished = spawn(() => 1);
    yield* finished;
    let taken = 0;
    let stop = false;
    function* part(): Coroutine<void> {
      while (!stop && taken < 1_000_000) taken += yield* finished;
    }
    const greedy = spawn(() => join(part(), part(), part()));
    let most = 0;
    for (let i = 0; i < 20; i++) {
      const before = taken;
      yield* yieldNow();
      most = Math.max(most, taken - before);
    }
    stop = true;
    yield* greedy;
    return most;
  });
  assert(most <= 128, String(most));
});

everyFlavour(
  "a thousand tasks that yield a hundred times each all come to their end",
  async (rt) => {
    let steps = 0;
    await rt.start(function* () {
      const handles: JoinHandle<void>[] = [];
      for (let i = 0; i < 1_000; i++) {
        handles.push(spawn(function* () {
          for (let step = 0; step < 100; step++) {
            steps++;
            yield* yieldNow();
          }
        }));
      }
      yield* join(...handles);
    });
    assertEquals(steps, 100_000);
  },
);

const WITH_TCP = FLAVOURS.filter(({ backend }) =>
  backend === "epoll" || backend === "afd"
);

for (const rt of WITH_TCP) {
  rtTest(
    `sockets are served beside 100 tasks that wake themselves [${rt.name}]`,
    async () => {
      const echoed = await rt.start(function* () {
        for (let i = 0; i < 100; i++) spawn(busy());
        const listener = net.TcpListener.bind({
          hostname: "127.0.0.1",
          port: 0,
        });
        const server = spawn(function* () {
          const stream = yield* listener.accept();
          const buffer = new Uint8Array(11);
          yield* stream.readExact(buffer);
          yield* stream.writeAll(buffer);
          stream.close();
        });
        const client = yield* net.TcpStream.connect(listener.addr);
        yield* client.writeAll(new TextEncoder().encode("hello world"));
        const buffer = new Uint8Array(11);
        yield* client.readExact(buffer);
        yield* server;
        return new TextDecoder().decode(buffer);
      });
      assertEquals(echoed, "hello world");
    },
  );

  rtTest(
    `a task that yields finds what happened to a socket within a few turns [${rt.name}]`,
    async () => {
      const yields = await rt.start(function* () {
        const listener = net.TcpListener.bind({
          hostname: "127.0.0.1",
          port: 0,
        });
        const accepted = spawn(() => listener.accept());
        yield* yieldNow();
        // The kernel has accepted when this is over: only our reactor must look.
        yield* net.TcpStream.connect(listener.addr);
        let yields = 0;
        for (; !accepted.isFinished && yields < 100; yields++) {
          yield* yieldNow();
        }
        return yields;
      });
      assert(yields < 10, `${yields} yields`);
    },
  );
}
