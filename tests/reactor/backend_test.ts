import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Backend } from "../../src/reactor/backend.ts";
import { READABLE, WRITABLE } from "../../src/reactor/readiness.ts";
import {
  backendName,
  makeBackend,
  overrideBackend,
  signalBackend,
} from "../../src/reactor/select_backend.ts";
import { libc } from "../../src/sys/linux/libc.ts";
import { waitFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { sendByte, Sockets, withEachBackend } from "./support.ts";

/** How much earlier a clock that shows microseconds may see a wait end, in ms. */
const CLOCK_STEP_MS = 0.002;

/** Runs a function with a backend of its own. */
function withBackend(fn: (backend: Backend) => void): () => void {
  return () => {
    const backend = makeBackend();
    try {
      fn(backend);
    } finally {
      backend.close();
    }
  };
}

function elapsed(wait: () => void): number {
  const start = performance.now();
  wait();
  return performance.now() - start;
}

withEachBackend(
  "a wait for nothing lasts its 100 ms, twice in a row",
  withBackend((backend) => {
    for (let i = 0; i < 2; i++) {
      const ms = elapsed(() => assertEquals(backend.wait(100), 0));
      assert(ms >= 100 - CLOCK_STEP_MS, `${ms} ms`);
    }
  }),
);

for (const [ms, waits] of [[0.1, 1_000], [3.1, 100]] as const) {
  withEachBackend(
    `${waits} waits of ${ms} ms are never too short, and the best is at most 0.5 ms too long`,
    withBackend((backend) => {
      let best = Infinity;
      for (let i = 0; i < waits; i++) {
        const lasted = elapsed(() => backend.wait(ms));
        assert(lasted >= ms - CLOCK_STEP_MS, `${lasted} ms`);
        best = Math.min(best, lasted);
      }
      assert(best <= ms + 0.5, `the best lasted ${best} ms`);
    }),
  );
}

withEachBackend(
  "a wait of no time looks and returns",
  withBackend((backend) => {
    let best = Infinity;
    for (let i = 0; i < 10; i++) {
      best = Math.min(best, elapsed(() => assertEquals(backend.wait(0), 0)));
    }
    assert(best < 1, `the best lasted ${best} ms`);
  }),
);

withEachBackend(
  "signals before a wait end it at once, are merged, and are no events for sockets",
  withBackend((backend) => {
    for (let i = 0; i < 10; i++) {
      for (let n = 0; n < 3; n++) signalBackend(backend.signalTarget);
      const events = backend.wait(Infinity);
      for (let event = 0; event < events; event++) {
        assertEquals(backend.eventKey(event), 0);
      }
      const ms = elapsed(() => assertEquals(backend.wait(5), 0));
      assert(ms >= 5 - CLOCK_STEP_MS, "three signals ended two waits");
    }
  }),
);

withEachBackend(
  "a wait off the thread ends with a signal that came before or comes later",
  async () => {
    const backend = makeBackend();
    const ended = (waiting: Promise<number>) =>
      waitFor(waiting, 10_000, "the end of the wait");
    signalBackend(backend.signalTarget);
    await ended(backend.waitAsync());
    const waiting = backend.waitAsync();
    signalBackend(backend.signalTarget);
    await ended(waiting);
    backend.close();
  },
);

withEachBackend(
  "a wait off the thread that is under way does not keep a closed backend open",
  async () => {
    for (let i = 0; i < 20; i++) {
      const backend = makeBackend();
      const waiting = backend.waitAsync();
      backend.close();
      assertEquals(await waitFor(waiting, 10_000, "the end of the wait"), 0);
    }
  },
);

withEachBackend(
  "1,000 backends that are opened and closed leave nothing",
  () => {
    for (let i = 0; i < 1_000; i++) makeBackend().close();
  },
);

edoTest(
  "an eventfd whose counter is full is signalled without blocking and without losing the signal",
  () => {
    withBackend((backend) => {
      const { target } = backend.signalTarget;
      for (let i = 0; i < 3; i++) {
        // Its maximum, by eventfd(2): a write of one more would have to wait.
        const room = 2n ** 64n - 2n - (i === 0 ? 0n : 1n);
        assertEquals(libc.write(target, BigUint64Array.of(room), 8), 8);
        backend.wait(0); // takes the edge of the filling
        signalBackend(backend.signalTarget);
        const ms = elapsed(() => assertEquals(backend.wait(10_000), 1));
        assert(ms < 5_000, "the signal was lost");
      }
    })();
  },
  { ignore: Deno.build.os !== "linux" },
);

edoTest(
  "epoll reports a socket's state when it is registered, with key and generation, and then changes",
  () => {
    using bare = new Sockets();
    const [a, b] = bare.pair();
    sendByte(b);
    withBackend((backend) => {
      backend.register(a, 7, 2 ** 28 - 1);
      assertEquals(backend.wait(0), 1);
      assertEquals(backend.eventKey(0), 7);
      assertEquals(backend.eventGeneration(0), 2 ** 28 - 1);
      assertEquals(backend.eventReadiness(0), READABLE | WRITABLE);
      assertEquals(backend.wait(0), 0, "an edge is reported once");
      sendByte(b);
      assertEquals(backend.wait(0), 1);
      backend.deregister(a, 7);
      sendByte(b);
      assertEquals(backend.wait(0), 0);
    })();
  },
  { ignore: Deno.build.os !== "linux" },
);

edoTest("the notifier has no sockets and says so", () => {
  overrideBackend("notifier");
  try {
    withBackend((backend) => {
      assertEquals(backend.supportsSockets, false);
      assertThrows(
        () => backend.register(0, 1, 1),
        Deno.errors.NotSupported,
        "Cannot register a socket",
      );
      for (
        const ask of [
          backend.eventKey,
          backend.eventGeneration,
          backend.eventReadiness,
        ]
      ) assertThrows(() => ask.call(backend, 0), RangeError, "has none");
      backend.rearm(1, READABLE);
      backend.deregister(0, 1);
    })();
  } finally {
    overrideBackend(null);
  }
});

edoTest("the system's backend is taken unless another is asked for", () => {
  const natives: Record<string, string> = { linux: "epoll", windows: "afd" };
  const native = natives[Deno.build.os] ?? "notifier";
  assertEquals(backendName(), native);
  overrideBackend("notifier");
  assertEquals(backendName(), "notifier");
  const backend = makeBackend();
  assertEquals(backend.name, "notifier");
  backend.close();
  overrideBackend(null);
  assertEquals(backendName(), native);
  assertThrows(
    () => signalBackend({ backend: "abacus", target: 0 }),
    TypeError,
    'Cannot signal a reactor: there is no backend "abacus"',
  );
});
