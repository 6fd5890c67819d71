import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  block_on,
  Context,
  Future,
  join,
  noopWaker,
  Pending,
  type Poll,
  pollFn,
  reactor as api,
  select,
  time,
} from "../../mod.ts";
import { sockets } from "../../src/sys/platform.ts";
import { WOULD_BLOCK } from "../../src/sys/sockets.ts";
import { HAS_TCP } from "../../tools/deno.ts";
import { edoTest } from "../helpers/leaks.ts";
import { bothWays } from "../net/support.ts";
import { sendByte, Sockets, withEachBackend } from "./support.ts";

const { Interest, reactorOf, Token } = api;

/** A future as a user would write one, with no help of `net`: one byte is read. */
class ByteByHand extends Future<number> {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(1);
  #registration: { reactor: api.Reactor; token: api.Token } | null = null;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  poll(cx: Context): Poll<number> {
    const n = sockets.recv(this.#fd, this.#buffer, 1);
    if (n === 1) {
      this.cancel();
      return this.#buffer[0]!;
    }
    if (n !== WOULD_BLOCK) throw new Error(`Cannot read a byte: ${n}`);
    if (this.#registration === null) {
      const reactor = reactorOf(cx);
      this.#registration = { reactor, token: reactor.register(this.#fd) };
    }
    const { reactor, token } = this.#registration;
    reactor.setWaker(token, Interest.READABLE, cx.waker);
    return Pending;
  }

  override cancel(): void {
    const registration = this.#registration;
    this.#registration = null;
    registration?.reactor.deregister(registration.token);
  }
}

bothWays(
  "a future written by hand on register and setWaker reads what arrives",
  function* () {
    using bare = new Sockets();
    const [a, b] = bare.pair();
    for (let round = 0; round < 3; round++) {
      yield* join(
        new ByteByHand(a),
        (function* () {
          yield* time.sleep(1);
          sendByte(b);
        })(),
      );
    }
  },
);

bothWays(
  "a future written by hand that loses a select deregisters its socket",
  function* () {
    using bare = new Sockets();
    const [a, b] = bare.pair();
    const size = pollFn((cx) => reactorOf(cx).size);
    const before = yield* size;
    const { index } = yield* select(new ByteByHand(a), time.sleep(2));
    assertEquals(index, 1);
    assertEquals(yield* size, before);
    sendByte(b);
    assertEquals(yield* new ByteByHand(a), 0);
  },
);

bothWays(
  "a hundred futures written by hand wait side by side, and each gets its own byte",
  function* () {
    using bare = new Sockets();
    const pairs = Array.from({ length: 100 }, () => bare.pair());
    const bytes = join(...pairs.map(([a]) => new ByteByHand(a)));
    const sending = (function* () {
      for (const [i, [, b]] of pairs.entries()) {
        yield* time.sleep(0);
        sockets.send(b, Uint8Array.of(i), 1);
      }
    })();
    const [received] = yield* join(bytes, sending);
    assertEquals(received, pairs.map((_, i) => i));
  },
);

/** A future that nothing will ever wake. */
const forgotten = () => pollFn(() => Pending);

edoTest(
  "waiting for what nobody will wake is a deadlock, and said to be one",
  () => {
    assertThrows(() => block_on(forgotten()), Error, "deadlock");
  },
);

withEachBackend(
  "waiting for a wake-up is a deadlock as long as no handle was made",
  () => {
    const wakeUp = pollFn((cx) => {
      reactorOf(cx).setWaker(Token.WAKE, Interest.READABLE, cx.waker);
      return Pending;
    });
    assertThrows(() => block_on(wakeUp), Error, "deadlock");
  },
);

withEachBackend(
  "once a handle was made, nothing is a deadlock: a wake ends the wait",
  () => {
    let polls = 0;
    const result = block_on(pollFn((cx) => {
      if (++polls > 1) return polls;
      const reactor = reactorOf(cx);
      reactor.setWaker(Token.WAKE, Interest.READABLE, cx.waker);
      // From here, since this thread is the only one; it is merged into the wait.
      assert(reactor.handle().wake());
      return Pending;
    }));
    assertEquals(result, 2);
  },
);

edoTest(
  "a registered socket that nobody waits for does not hide a deadlock",
  () => {
    using bare = new Sockets();
    const [a] = bare.pair();
    assertThrows(
      () =>
        block_on(pollFn((cx) => {
          reactorOf(cx).register(a);
          return Pending;
        })),
      Error,
      "deadlock",
    );
  },
  { ignore: !HAS_TCP },
);

edoTest(
  "a context without a reactor says so to a future that needs one",
  () => {
    assertThrows(
      () => reactorOf(new Context(noopWaker)),
      Error,
      "Cannot wait for a socket: this context has no reactor",
    );
  },
);
