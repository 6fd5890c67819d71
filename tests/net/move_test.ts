import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  block_on,
  type Coroutine,
  type Future,
  net,
  run,
  spawn,
} from "../../mod.ts";
import { Portable, portable } from "../../src/future/portable.ts";
import { Decoder, Encoder } from "../../src/task/codec/mod.ts";
import { waitForEvent } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import {
  bothWays,
  caught,
  connectPair,
  encode,
  readText,
  readToEnd,
  settle,
  until,
} from "./support.ts";

const encoder = new Encoder();
const decoder = new Decoder();
const memory = new Uint8Array(new SharedArrayBuffer(4_096));

/** Encodes arguments and takes what they move; nothing has been decoded then. */
function takeAway(...args: unknown[]): void {
  const packet = encoder.encodeArguments("serve", args);
  packet.copyTo(memory, 0);
  packet.commit();
}

/** What arrives when arguments are sent. */
function send(...args: unknown[]): unknown[] {
  takeAway(...args);
  return decoder.decode(memory, 0) as unknown[];
}

/** An operation that is called when it is waited for, as in a task. */
function* started(operation: () => Future<unknown>): Coroutine<void> {
  yield* operation();
}

/** How a stream is named in errors. */
function nameOf(stream: net.TcpStream): string {
  return `the stream to 127.0.0.1:${stream.remoteAddr.port}`;
}

function assertMoved(error: unknown, what: string): void {
  assertInstanceOf(error, Deno.errors.BadResource);
  assertEquals(error.message, `Cannot ${what}: it was moved to another task`);
}

bothWays("a stream that moved reads and writes on", function* () {
  using pair = yield* connectPair();
  const { localAddr, remoteAddr } = pair.server;
  const [server, again] = send(pair.server, [pair.server]) as [
    net.TcpStream,
    net.TcpStream[],
  ];
  using _ = server;
  assert(server instanceof net.TcpStream);
  assertStrictEquals(again[0], server);
  assertEquals([server.localAddr, server.remoteAddr], [localAddr, remoteAddr]);
  yield* pair.client.writeAll(encode("ping"));
  assertEquals(yield* readText(server, 4), "ping");
  yield* server.writeAll(encode("pong"));
  assertEquals(yield* readText(pair.client, 4), "pong");
});

bothWays("a stream that waited in its reactor before can move", function* () {
  using pair = yield* connectPair();
  const reader = spawn(readText, pair.server, 4);
  yield* settle();
  yield* pair.client.writeAll(encode("ping"));
  assertEquals(yield* reader, "ping");
  const [server] = send(pair.server) as [net.TcpStream];
  using _ = server;
  const later = spawn(readText, server, 4);
  yield* settle();
  yield* pair.client.writeAll(encode("pong"));
  assertEquals(yield* later, "pong");
});

bothWays("every use of a stream that moved is an error", function* () {
  using pair = yield* connectPair();
  const { server } = pair;
  const name = nameOf(server);
  const { remoteAddr } = server;
  const [moved] = send(server) as [net.TcpStream];
  using _ = moved;
  const bytes = new Uint8Array(1);
  const operations: [() => Future<unknown>, string][] = [
    [() => server.read(bytes), "read from"],
    [() => server.readExact(bytes), "read from"],
    [() => server.peek(bytes), "peek at"],
    [() => server.write(bytes), "write to"],
    [() => server.writeAll(bytes), "write to"],
  ];
  for (const [operation, what] of operations) {
    assertMoved(yield* caught(started(operation)), `${what} ${name}`);
  }
  const calls: [() => unknown, string][] = [
    [() => server.shutdown(), "shut down"],
    [() => server.localAddr, "ask the address of"],
    [() => server.setNoDelay(), "set the options of"],
    [() => server.setKeepAlive(), "set the options of"],
    [() => server.readable, "read from"],
    [() => server.writable, "write to"],
    [() => send(server), "move"],
  ];
  for (const [call, what] of calls) {
    assertMoved(assertThrows(call), `${what} ${name}`);
  }
  assertEquals([server.isClosed, server.remoteAddr], [true, remoteAddr]);
  // Closing what is not here any more closes nothing.
  server.close();
  server[Symbol.dispose]();
  yield* moved.writeAll(encode("still open"));
  assertEquals(yield* readText(pair.client, 10), "still open");
});

bothWays("a listener that moved accepts on, and here is no use", function* () {
  using listener = net.TcpListener.bind({ port: 0 });
  const { addr } = listener;
  const [moved] = send(listener) as [net.TcpListener];
  using _ = moved;
  assertEquals(moved.addr, addr);
  using pair = yield* connectPair(moved);
  yield* pair.client.writeAll(encode("ping"));
  assertEquals(yield* readText(pair.server, 4), "ping");
  const name = `the listener on 127.0.0.1:${addr.port}`;
  assertMoved(
    yield* caught(started(() => listener.accept())),
    `accept on ${name}`,
  );
  assertMoved(assertThrows(() => send(listener)), `move ${name}`);
  assertEquals(listener.addr, addr);
  listener.close();
  using _more = yield* connectPair(moved);
});

edoTest(
  "iterating over a listener that moved is an error, not an end",
  async () => {
    const listener = net.TcpListener.bind({ port: 0 });
    const { addr } = listener;
    using _moved = send(listener)[0] as net.TcpListener;
    const error = await listener[Symbol.asyncIterator]().next().then(
      () => null,
      (error: unknown) => error,
    );
    assertMoved(error, `accept on the listener on 127.0.0.1:${addr.port}`);
  },
);

bothWays("nothing moves if anything cannot be sent", function* () {
  using pair = yield* connectPair();
  using listener = net.TcpListener.bind({ port: 0 });
  const { client, server } = pair;
  assertThrows(
    () => send(client, { listener }, [server, () => {}]),
    TypeError,
    'Cannot send argument 3 of "serve": [1] is a function',
  );
  const closed = (yield* connectPair()).server;
  closed.close();
  assertThrows(() => send(client, closed), Deno.errors.BadResource, "closed");
  // A getter that closes what was looked at already.
  const other = yield* connectPair();
  const late = {
    stream: other.server,
    get more() {
      other.server.close();
      return 1;
    },
  };
  assertThrows(() => send(client, late), Deno.errors.BadResource, "closed");
  other.client.close();
  // A packet that is thrown away.
  encoder.encodeArguments("serve", [client, server, listener]).discard();
  yield* client.writeAll(encode("ping"));
  assertEquals(yield* readText(server, 4), "ping");
  using _more = yield* connectPair(listener);
});

bothWays("what somebody waits for cannot move", function* () {
  using pair = yield* connectPair();
  const name = nameOf(pair.server);
  const reader = spawn(readText, pair.server, 4);
  yield* settle();
  const error = assertThrows(() => send(pair.server), Deno.errors.Busy);
  assertEquals(
    error.message,
    `Cannot move ${name}: an operation waits for it`,
  );
  yield* pair.client.writeAll(encode("ping"));
  assertEquals(yield* reader, "ping");
});

bothWays("a listener cannot move while anybody waits in accept", function* () {
  using listener = net.TcpListener.bind({ port: 0 });
  const accepted: net.TcpStream[] = [];
  const accept = function* () {
    accepted.push(yield* listener.accept());
  };
  const waiting = [spawn(accept), spawn(accept)];
  yield* settle();
  for (let left = waiting.length; left > 0; left--) {
    assertThrows(() => send(listener), Deno.errors.Busy, "Cannot move");
    using _client = yield* net.TcpStream.connect(listener.addr);
    yield* until(() => accepted.length > waiting.length - left);
  }
  for (const stream of accepted) stream.close();
  using _moved = send(listener)[0] as net.TcpListener;
});

edoTest("a stream whose Web Streams are in use cannot move", async () => {
  await run(function* () {
    using pair = yield* connectPair();
    void pair.server.readable;
    void pair.client.writable;
    for (const stream of [pair.server, pair.client]) {
      const error = assertThrows(() => send(stream), Deno.errors.Busy);
      assertEquals(
        error.message,
        `Cannot move ${nameOf(stream)}: its Web Streams are in use`,
      );
    }
  });
});

bothWays("what moved and is not wanted any more is closed", function* () {
  using pair = yield* connectPair();
  takeAway(pair.server);
  assert(pair.server.isClosed);
  decoder.discard(memory, 0);
  assertEquals(yield* readToEnd(pair.client), "");
});

bothWays(
  "what moved with a value that cannot be decoded is closed",
  function* () {
    using first = yield* connectPair();
    using second = yield* connectPair();
    class Broken {
      [Portable.encode](): null {
        return null;
      }
      static [Portable.decode](_: null): Broken {
        throw new RangeError("will not come");
      }
    }
    portable({ url: crypto.randomUUID() }, Broken);
    takeAway(first.server, [new Broken(), second.server]);
    assertThrows(() => decoder.decode(memory, 0), RangeError, "will not come");
    assertEquals(yield* readToEnd(first.client), "");
    assertEquals(yield* readToEnd(second.client), "");
  },
);

bothWays("what a portable instance holds moves with it", function* () {
  using pair = yield* connectPair();
  let decoded = 0;
  class Session {
    readonly stream: net.TcpStream;
    constructor(stream: net.TcpStream) {
      this.stream = stream;
    }
    [Portable.encode](): net.TcpStream {
      return this.stream;
    }
    static [Portable.decode](stream: net.TcpStream): Session {
      decoded++;
      return new Session(stream);
    }
  }
  portable({ url: crypto.randomUUID() }, Session);
  const [session] = send(new Session(pair.server)) as [Session];
  yield* session.stream.writeAll(encode("ping"));
  assertEquals(yield* readText(pair.client, 4), "ping");
  // Thrown away, it is closed without asking the class.
  takeAway(session);
  decoder.discard(memory, 0);
  assertEquals(yield* readToEnd(pair.client), "");
  assertEquals(decoded, 1);
});

edoTest("what moved belongs to the scope in which it arrives", () => {
  block_on(function* () {
    const { client, server } = yield* connectPair();
    takeAway(client, server);
  });
  // The scope in which they were opened has ended, and has not closed them.
  const streams: net.TcpStream[] = [];
  block_on(function* () {
    streams.push(...decoder.decode(memory, 0) as net.TcpStream[]);
    yield* streams[0]!.writeAll(encode("ping"));
    assertEquals(yield* readText(streams[1]!, 4), "ping");
  });
  assertEquals(streams.map((stream) => stream.isClosed), [true, true]);
});

edoTest(
  "a stream moves to another thread, with what it has received",
  async () => {
    const url = new URL("./fixtures/move_thread.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    // It may answer before the stream's end has come.
    const answered = waitForEvent(worker, "message", 20_000);
    try {
      await run(function* () {
        using pair = yield* connectPair();
        yield* pair.client.writeAll(encode("hello"));
        takeAway(pair.server, "thread");
        worker.postMessage(memory);
        assertEquals(yield* readToEnd(pair.client), "thread: hello");
      });
      await answered;
    } finally {
      worker.terminate();
    }
  },
);
