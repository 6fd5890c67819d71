import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  block_on,
  Context,
  join,
  net,
  noopWaker,
  run,
  Runtime,
  spawn,
  time,
} from "../../mod.ts";
import { parseIp } from "../../src/sys/addr.ts";
import { sockets } from "../../src/sys/platform.ts";
import { WOULD_BLOCK } from "../../src/sys/sockets.ts";
import { edoTest } from "../helpers/leaks.ts";
import { unusedPort } from "../helpers/unused_port.ts";
import {
  bothWays,
  caught,
  connectPair,
  encode,
  nameOfLoopback,
  readText,
  settle,
} from "./support.ts";

/** How long anything may take, with others on the machine, in milliseconds. */
const PATIENCE_MS = 20_000;

/** Longer than a name's part may be: no question leaves the machine. */
const NO_NAME = `${"a".repeat(64)}.invalid`;

/**
 * A listener whose backlog is full, so that the system answers nobody: connecting
 * to it takes until somebody is accepted.
 */
class SilentListener implements Disposable {
  readonly addr: Deno.NetAddr;
  readonly fd: number;
  readonly #fillers: number[] = [];

  constructor() {
    const address = parseIp("127.0.0.1", 0);
    this.fd = sockets.listen(address, { backlog: 1, reusePort: false });
    this.addr = sockets.localAddr(this.fd);
    const target = parseIp("127.0.0.1", this.addr.port);
    let filler: number;
    do this.#fillers.push(filler = sockets.connect(target)); while (
      sockets.connectResult(filler) !== WOULD_BLOCK
    );
  }

  /** Takes a connection that waits and drops it, which makes room for another. */
  makeRoom(): void {
    const fd = sockets.accept(this.fd);
    if (fd >= 0) sockets.close(fd);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fillers) sockets.close(fd);
    sockets.close(this.fd);
  }
}

bothWays(
  "connecting to a port where nobody listens is refused, with call, address and name of the error",
  function* () {
    for (const hostname of ["127.0.0.1", "::1"]) {
      const port = unusedPort(hostname);
      const error = yield* caught(net.TcpStream.connect({ hostname, port }));
      assertInstanceOf(error, Deno.errors.ConnectionRefused);
      const text = hostname === "::1" ? `[::1]:${port}` : `127.0.0.1:${port}`;
      assertEquals(
        error.message,
        `Cannot connect to ${text}: connection refused ` +
          "(ECONNREFUSED from connect)",
      );
      assertEquals((error as { code?: string }).code, "ECONNREFUSED");
    }
  },
);

bothWays("localhost is tried at 127.0.0.1 first and then at ::1", function* () {
  for (const hostname of ["127.0.0.1", "::1"]) {
    using listener = net.TcpListener.bind({ hostname, port: 0 });
    const { port } = listener.addr;
    using client = yield* net.TcpStream.connect({
      hostname: "localhost",
      port,
    });
    using server = yield* listener.accept();
    assertEquals(client.remoteAddr.hostname, hostname);
    assertEquals(server.remoteAddr, client.localAddr);
  }
});

bothWays(
  "a connect to a silent address ends with its timeout and leaves nothing",
  function* () {
    using silent = new SilentListener();
    for (let round = 0; round < 3; round++) {
      const connecting = time.timeout(10, net.TcpStream.connect(silent.addr));
      assertInstanceOf(yield* caught(connecting), time.TimeoutError);
    }
  },
);

bothWays(
  "aborting a task that connects to a silent address leaves nothing",
  function* () {
    using silent = new SilentListener();
    const connecting = spawn(() => net.TcpStream.connect(silent.addr));
    yield* settle();
    assertEquals(connecting.isFinished, false);
    connecting.abort();
    yield* caught(connecting);
  },
);

edoTest(
  "a block_on that ends while it connects to a silent address leaves nothing",
  () => {
    using silent = new SilentListener();
    block_on(function* () {
      spawn(() => net.TcpStream.connect(silent.addr));
      yield* settle();
    });
  },
);

edoTest(
  "a connect that has to wait for its answer gets it, while other tasks go on",
  () => {
    using silent = new SilentListener();
    block_on(function* () {
      using pair = yield* connectPair();
      const connecting = spawn(() => net.TcpStream.connect(silent.addr));
      yield* settle();
      yield* pair.client.writeAll(encode("meanwhile"));
      assertEquals(yield* readText(pair.server), "meanwhile");
      assertEquals(connecting.isFinished, false);
      // The system asks again after one second.
      yield* time.timeout(
        PATIENCE_MS,
        (function* () {
          while (!connecting.isFinished) {
            silent.makeRoom();
            yield* time.sleep(10);
          }
        })(),
      );
      using stream = yield* connecting;
      assertEquals(stream.remoteAddr.port, silent.addr.port);
    });
  },
);

edoTest("connecting to a host name inside run looks it up", async () => {
  using listener = net.TcpListener.bind({ port: 0 });
  const { port } = listener.addr;
  const hostname = nameOfLoopback!;
  await run(function* () {
    using client = yield* net.TcpStream.connect({ hostname, port });
    using server = yield* listener.accept();
    assertEquals(client.remoteAddr, listener.addr);
    assertEquals(server.remoteAddr, client.localAddr);
  });
  using client = await net.TcpStream.connect({ hostname, port });
  assertEquals(client.remoteAddr, listener.addr);
}, { ignore: nameOfLoopback === null });

edoTest("connecting to a host name inside block_on looks it up", () => {
  block_on(function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const { port } = listener.addr;
    const hostname = nameOfLoopback!;
    for (let i = 0; i < 3; i++) {
      using client = yield* net.TcpStream.connect({ hostname, port });
      using server = yield* listener.accept();
      assertEquals(client.remoteAddr, listener.addr);
      assertEquals(server.remoteAddr, client.localAddr);
    }
  });
}, { ignore: nameOfLoopback === null });

for (const workers of [0, 1]) {
  edoTest(
    `inside the block_on of a Runtime with ${workers} workers a host name is looked up as well`,
    () => {
      using listener = net.TcpListener.bind({ port: 0 });
      const { port } = listener.addr;
      using rt = new Runtime({ workers });
      using client = rt.block_on(
        net.TcpStream.connect({ hostname: nameOfLoopback!, port }),
      );
      assertEquals(client.isClosed, true); // it belonged to the block_on
      assertEquals(client.remoteAddr, listener.addr);
    },
    { ignore: nameOfLoopback === null },
  );
}

edoTest(
  "a look-up that is given up inside block_on leaves nothing behind",
  () => {
    const error = block_on(
      caught(
        time.timeout(
          0,
          net.TcpStream.connect({ hostname: NO_NAME, port: 80 }),
        ),
      ),
    );
    assertInstanceOf(error, time.TimeoutError);
  },
);

edoTest(
  "a context by hand, of a thread that is blocked, knows nobody who looks names up",
  () => {
    const cx = new Context(noopWaker, undefined, { blocking: true });
    let error: unknown;
    try {
      net.TcpStream.connect({ hostname: NO_NAME, port: 80 }).poll(cx);
    } catch (thrown) {
      error = thrown;
    }
    assertInstanceOf(error, Deno.errors.NotSupported);
    assertEquals(
      error.message,
      `Cannot connect to ${NO_NAME}:80: a host name is looked up on Deno's event ` +
        "loop, which stands still here. Use an IP address",
    );
  },
);

bothWays("a host name that stands for nothing is not found", function* () {
  const error = yield* caught(
    net.TcpStream.connect({ hostname: NO_NAME, port: 80 }),
  );
  assertInstanceOf(error, Deno.errors.NotFound);
  assertEquals(
    error.message,
    `Cannot connect to ${NO_NAME}:80: the host name was not found`,
  );
  assertEquals((error.cause as { code?: string }).code, "ENOTFOUND");
});

edoTest(
  "listening on a host name other than localhost is not possible and says so",
  () => {
    let error: unknown;
    try {
      net.TcpListener.bind({ hostname: "example.invalid", port: 80 });
    } catch (thrown) {
      error = thrown;
    }
    assertInstanceOf(error, Deno.errors.NotFound);
    assertEquals(
      error.message,
      "Cannot listen on example.invalid:80: hostname is neither an IP address " +
        "nor localhost",
    );
  },
);

bothWays("500 connects at once all get through", function* () {
  using listener = net.TcpListener.bind({ port: 0, backlog: 1_024 });
  const serving = spawn(function* () {
    for (let i = 0; i < 500; i++) (yield* listener.accept()).close();
  });
  function* connect() {
    using stream = yield* net.TcpStream.connect(listener.addr);
    assertEquals(yield* readText(stream), null);
  }
  yield* join(serving, ...Array.from({ length: 500 }, () => spawn(connect)));
});
