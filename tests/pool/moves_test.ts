/** Sockets and handles move from thread to thread. */
import { assertEquals, assertThrows } from "@std/assert";
import { block_on, type Coroutine, net, spawn, yieldNow } from "../../mod.ts";
import { double, sleep } from "./fixtures/tasks.ts";
import {
  connect,
  delegate,
  listen,
  serveOne,
  shout,
  useHandle,
} from "./fixtures/values.ts";
import { poolTest, valueOf } from "./support.ts";

const MOVED = "it was moved to another task";

/** Sends a text and takes as many bytes back. */
function* exchange(stream: net.TcpStream, text: string): Coroutine<string> {
  yield* stream.writeAll(new TextEncoder().encode(text));
  const buffer = new Uint8Array(text.length);
  yield* stream.readExact(buffer);
  return new TextDecoder().decode(buffer);
}

function assertMoved(use: () => unknown): void {
  const error = assertThrows(use, Deno.errors.BadResource);
  assertEquals(error.message.endsWith(`: ${MOVED}`), true, error.message);
}

poolTest(
  "a listener moves to a task, which serves there",
  ({ rt }) => {
    rt.block_on(function* () {
      const listener = net.TcpListener.bind({ port: 0 });
      const { addr } = listener;
      const served = rt.spawn(serveOne, listener);
      assertMoved(() => listener.accept());
      listener.close();
      const client = yield* net.TcpStream.connect(addr);
      assertEquals(yield* exchange(client, "hello"), "HELLO");
      client.close();
      yield* served;
    });
  },
  { on: [1, 2] },
);

poolTest(
  "a stream moves to a task, and from there on to another worker",
  ({ rt, workers }) => {
    rt.block_on(function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      for (const on of [1, workers]) {
        const connecting = net.TcpStream.connect(listener.addr);
        const client = yield* connecting;
        const accepted = yield* listener.accept();
        const served = rt.spawnWith({ on }, delegate, accepted, workers);
        assertMoved(() => accepted.read(new Uint8Array(1)));
        assertMoved(() => accepted.writeAll(new Uint8Array(1)));
        accepted.close();
        assertEquals(yield* exchange(client, "on we go"), "ON WE GO");
        client.close();
        const error = yield* served;
        assertEquals(error.endsWith(MOVED), true, error);
      }
    });
  },
  { on: [1, 2] },
);

poolTest(
  "a stream and a listener come back as results",
  async ({ rt }) => {
    const listener = await valueOf(rt.spawn(listen));
    const { port } = listener.addr as { port: number };
    const connected = rt.spawn(connect, port);
    const [accepted, stream] = [
      await valueOf(listener.accept()),
      await valueOf(connected),
    ];
    listener.close();
    const served = rt.spawn(shout, accepted);
    block_on(function* () {
      // It belongs to ordinary code, so this block_on does not close it.
      assertEquals(yield* exchange(stream, "back"), "BACK");
    });
    stream.close();
    await valueOf(served);
  },
  { on: [1, 2] },
);

poolTest(
  "what waits for something cannot move, and the spawn says so",
  ({ rt }) => {
    rt.block_on(function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      const waits = spawn(function* () {
        return yield* listener.accept();
      });
      yield* yieldNow();
      const error = assertThrows(() => rt.spawn(serveOne, listener), Error);
      assertEquals(error.message.includes(".accept"), false, error.message);
      waits.abort();
    });
    assertEquals(rt.metrics().spawned, 0);
  },
);

poolTest(
  "a Handle moves to a task, which spawns through it and gives it back",
  async ({ rt, workers }) => {
    const handle = rt.handle();
    const back = await valueOf(rt.spawn(useHandle, handle, 5));
    assertEquals(back.value, 10);
    for (
      const use of [
        () => handle.spawn(double, 1),
        () => handle.spawnWith({ on: 1 }, double, 1),
        () => handle.export(),
      ]
    ) {
      assertMoved(use);
    }
    assertEquals(await valueOf(back.handle.spawn(double, 6)), 12);
    assertEquals(
      await valueOf(back.handle.spawnWith({ on: workers }, sleep, 1)),
      1,
    );
  },
  { on: [1, 2] },
);

poolTest(
  "a Handle that cannot be sent stays where it is",
  async ({ rt }) => {
    const handle = rt.handle();
    assertThrows(
      () => rt.spawn(useHandle, handle, (() => 1) as never),
      TypeError,
      'Cannot send argument 2 of "useHandle": it is a function',
    );
    assertEquals(await valueOf(handle.spawn(double, 7)), 14);
  },
);
