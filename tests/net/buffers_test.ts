/** What may happen to a buffer while an operation that was given it waits. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
} from "@std/assert";
import { type Coroutine, type net, spawn } from "../../mod.ts";
import {
  bothWays,
  caught,
  connectPair,
  encode,
  readText,
  settle,
} from "./support.ts";

/** More than a connection takes while nobody reads. */
const MUCH = 16 << 20;

function resizable(size: number): ArrayBuffer {
  return new ArrayBuffer(size, { maxByteLength: 2 * size });
}

/** How to make a buffer and to take its bytes away, and how many are left. */
interface Loss {
  make(size: number): Uint8Array<ArrayBuffer>;
  lose(buffer: ArrayBuffer): void;
  readonly left: number;
}

const LOSSES: Record<string, Loss> = {
  "transferred": {
    make: (size) => new Uint8Array(size),
    lose: (buffer) => void buffer.transfer(),
    left: 0,
  },
  "made smaller": {
    make: (size) => new Uint8Array(resizable(size)),
    lose: (buffer) => buffer.resize(10),
    left: 10,
  },
  "made smaller than what it is a part of": {
    make: (size) => new Uint8Array(resizable(500 + size), 500, size),
    lose: (buffer) => buffer.resize(600),
    left: 0,
  },
};

const READS: Record<
  string,
  (stream: net.TcpStream, buffer: Uint8Array) => Coroutine<unknown>
> = {
  *read(stream, buffer) {
    return yield* stream.read(buffer);
  },
  *readExact(stream, buffer) {
    return yield* stream.readExact(buffer);
  },
  *peek(stream, buffer) {
    return yield* stream.peek(buffer);
  },
};

for (const [how, { make, lose, left }] of Object.entries(LOSSES)) {
  bothWays(
    `a read whose buffer was ${how} while it waited fails, and leaves what arrives to the next`,
    function* () {
      for (const read of Object.values(READS)) {
        using pair = yield* connectPair();
        const buffer = make(1_000);
        const reading = spawn(read, pair.server, buffer);
        yield* settle();
        lose(buffer.buffer);
        yield* pair.client.writeAll(encode("all of it"));
        const error = yield* failure(reading);
        assertInstanceOf(error, TypeError);
        const { hostname, port } = pair.client.localAddr;
        assertEquals(
          error.message.replace(/^Cannot (read from|peek at)/, "Cannot read"),
          `Cannot read the stream to ${hostname}:${port}: of the 1000 bytes ` +
            `of its buffer ${left} are left; it was transferred or made smaller ` +
            "meanwhile",
        );
        assertEquals(yield* readText(pair.server), "all of it");
      }
    },
  );

  bothWays(
    `a write whose buffer was ${how} while it waited fails, and sends nothing that is not in it`,
    function* () {
      using pair = yield* connectPair();
      const buffer = make(MUCH).fill(7);
      const writing = spawn(() => pair.client.writeAll(buffer));
      yield* settle();
      assertEquals(writing.isFinished, false);
      lose(buffer.buffer);
      const reading = spawn(sevens, pair.server);
      const error = yield* failure(writing);
      assertInstanceOf(error, TypeError);
      assertMatch(error.message, /^Cannot write to .* made smaller meanwhile$/);
      pair.client.shutdown();
      const received = yield* reading;
      assert(received > 0 && received < MUCH, `${received} bytes`);
    },
  );
}

bothWays(
  "buffers that may grow, and shared ones, are read into and written from like others",
  function* () {
    const SIZE = 1_000;
    const shared = new Uint8Array(new SharedArrayBuffer(SIZE));
    for (const buffer of [new Uint8Array(resizable(SIZE)), shared]) {
      using pair = yield* connectPair();
      const reading = spawn(() => pair.server.readExact(buffer));
      yield* settle();
      if (buffer !== shared) (buffer.buffer as ArrayBuffer).resize(2 * SIZE);
      yield* pair.client.writeAll(new Uint8Array(SIZE).fill(5));
      yield* reading;
      assertEquals(buffer.subarray(0, SIZE).every((byte) => byte === 5), true);
      yield* pair.server.writeAll(buffer, SIZE);
      const back = new Uint8Array(SIZE);
      yield* pair.client.readExact(back);
      assertEquals(back, new Uint8Array(SIZE).fill(5));
    }
  },
);

/** What a task failed with. */
function* failure(handle: Parameters<typeof caught>[0]): Coroutine<unknown> {
  return ((yield* caught(handle)) as Error).cause;
}

/** Reads to the end of a stream that must bring sevens alone; returns how many. */
function* sevens(stream: net.TcpStream): Coroutine<number> {
  const buffer = new Uint8Array(1 << 16);
  let received = 0;
  let n: number | null;
  while ((n = yield* stream.read(buffer)) !== null) {
    assert(buffer.subarray(0, n).every((byte) => byte === 7));
    received += n;
  }
  return received;
}
