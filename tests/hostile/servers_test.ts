/**
 * Peers that mean ill, against the servers of examples/: honest clients are served
 * all the while, and afterwards nothing is left of the others.
 *
 * @module
 */
import { assert } from "@std/assert";
import { sockets } from "../../src/sys/platform.ts";
import { pollFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { memoryOf } from "../helpers/proc.ts";
import { encode, RawPeer } from "../net/support.ts";
import { randomNumbers } from "../task/codec/random_values.ts";
import { KINDS, PATIENCE_MS, Server, Talk } from "./servers.ts";

const MIB = 1024 * 1024;

/** So many peers; they are closed, or reset, at the end of `using`. */
class Crowd implements Disposable {
  readonly peers: RawPeer[];

  constructor({ addr }: Server, count: number) {
    this.peers = Array.from({ length: count }, () => RawPeer.connect(addr));
  }

  send(bytes: Uint8Array | string): void {
    for (const peer of this.peers) peer.send(bytes);
  }

  reset(): void {
    for (const peer of this.peers) peer.reset();
  }

  [Symbol.dispose](): void {
    for (const peer of this.peers) peer[Symbol.dispose]();
  }
}

/** A server that goes on taking is left at this. */
const MOST_BYTES = 8 * MIB;

/** Sends as much as the server takes from somebody who reads nothing. */
async function stuff(peer: RawPeer, bytes: Uint8Array): Promise<number> {
  let sent = 0;
  // For as long as it takes more: nothing tells that it will not.
  for (let idle = 0; idle < 20;) {
    const n = peer.send(bytes);
    if (n > 0) {
      sent += n;
      idle = 0;
    } else {
      idle++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (sent > MOST_BYTES) break;
  }
  return sent;
}

const ATTACKS: Record<string, (server: Server) => Promise<void>> = {
  async "a byte now and then, from 200 peers"(server) {
    using crowd = new Crowd(server, 200);
    const { opening } = server.kind;
    for (let i = 0; i < 12; i++) {
      crowd.send(opening[i % opening.length]!);
      await server.serves();
    }
  },
  async "silence, from 200 peers that have vanished"(server) {
    using _ = new Crowd(server, 200);
    for (let i = 0; i < 3; i++) await server.serves();
  },
  async "2,000 connects that are closed at once"(server) {
    for (let i = 0; i < 20; i++) {
      using _ = new Crowd(server, 100);
      if (i % 5 === 0) await server.serves();
    }
  },
  async "2,000 connects that are reset at once"(server) {
    for (let i = 0; i < 20; i++) {
      new Crowd(server, 100).reset();
      if (i % 5 === 0) await server.serves();
    }
  },
  async "resets after the first bytes"(server) {
    for (const length of [1, 5, server.kind.opening.length]) {
      const crowd = new Crowd(server, 50);
      crowd.send(server.kind.opening.slice(0, length));
      await server.serves();
      crowd.reset();
      await server.serves();
    }
  },
  async "resets with bytes that were not read yet"(server) {
    for (let i = 0; i < 5; i++) {
      const crowd = new Crowd(server, 30);
      crowd.send(server.kind.opening.repeat(20));
      crowd.reset();
      await server.serves();
    }
  },
  async "resets after half of the connection was ended"(server) {
    for (const length of [0, 5, server.kind.opening.length]) {
      const crowd = new Crowd(server, 30);
      if (length > 0) crowd.send(server.kind.opening.slice(0, length));
      for (const { fd } of crowd.peers) sockets.shutdown(fd, "write");
      crowd.reset();
      await server.serves();
    }
  },
  async "half of the connection ended, and nothing more"(server) {
    using crowd = new Crowd(server, 100);
    crowd.send(server.kind.opening);
    for (const { fd } of crowd.peers) sockets.shutdown(fd, "write");
    await server.serves();
    await server.serves();
  },
  async "peers that send all they can and never read"(server) {
    const bytes = encode(server.kind.opening.repeat(1_000));
    const { pid } = server.process;
    const before = memoryOf(pid).resident;
    const peers = Array.from({ length: 8 }, () => RawPeer.connect(server.addr));
    const sent = await Promise.all(peers.map((peer) => stuff(peer, bytes)));
    await server.serves();
    const grown = memoryOf(pid).resident - before;
    // In the middle of a write half of them are reset, and half closed.
    peers.forEach((peer, i) => i % 2 ? peer.reset() : peer[Symbol.dispose]());
    const most = Math.max(...sent) / MIB;
    assert(grown < 64 * MIB, `${grown / MIB} MiB more for ${most} MiB sent`);
  },
  async "64 KiB of garbage, of many kinds"(server) {
    for (const [what, bytes] of Object.entries(garbage(server.kind.opening))) {
      using peer = RawPeer.connect(server.addr);
      using talk = await Talk.connect(server.addr);
      for (let sent = 0; sent < bytes.length;) {
        const n = peer.send(bytes.subarray(sent));
        if (n > 0) sent += n;
        // Full, or the server has ended the connection: both are answers.
        else break;
      }
      try {
        await talk.send(String.fromCharCode(...bytes.subarray(0, 1_000)));
        await talk.endHalf();
      } catch (error) {
        const isGone = error instanceof Deno.errors.ConnectionReset ||
          error instanceof Deno.errors.BrokenPipe;
        assert(isGone, `${what}: ${error}`);
      }
      // It ends, instead of waiting for what will not come.
      await talk.ended();
    }
    await server.serves();
  },
};

/** What no client sends, by what it is. */
function garbage(opening: string): Record<string, Uint8Array> {
  const length = 64 * 1024;
  const random = randomNumbers(64);
  const of = (byte: () => number) => Uint8Array.from({ length }, byte);
  const text = (text: string) =>
    encode(text.repeat(Math.ceil(length / text.length)).slice(0, length));
  const http = "POST / HTTP/1.1\r\nHost: a\r\n";
  return {
    "random bytes": of(() => random() * 256),
    "random bytes behind an opening": Uint8Array.from([
      ...encode(opening),
      ...of(() => random() * 256),
    ]),
    "zeros": of(() => 0),
    "ones": of(() => 255),
    "line ends": text("\n"),
    "carriage returns": text("\r"),
    "letters without an end": text("x"),
    "printable characters": of(() => 32 + random() * 95),
    "short lines": of(() => random() < 0.1 ? 10 : 32 + random() * 95),
    "half of an opening, again and again": text(opening.slice(0, -3)),
    "surrogates and long forms": text("\u00ed\u00a0\u0080\u00c0\u0080"),
    "the start of TLS": Uint8Array.from([22, 3, 1, 2, 0, 1, ...of(() => 7)]),
    "endless headers": encode(http + "A: b\r\n".repeat(10_000)),
    "a header without an end": encode(http + "A: " + "b".repeat(length)),
    "two lengths": encode(
      `${http}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ),
    "a length that is none": encode(`${http}Content-Length: -5\r\n\r\n`),
    "a length beyond all": encode(
      `${http}Content-Length: 999999999999999\r\n\r\n` + "x".repeat(length),
    ),
    "chunks of nonsense": encode(
      `${http}Transfer-Encoding: chunked\r\n\r\n` + "zz\r\n".repeat(1_000),
    ),
    "chunks beyond all": encode(
      `${http}Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\n` +
        "x".repeat(length),
    ),
  };
}

for (const [name, kind] of Object.entries(KINDS)) {
  edoTest(
    `${name} serves honest clients while others do their worst, and nothing is left of them`,
    async (t) => {
      await using server = await Server.start(kind);
      for (const [attack, run] of Object.entries(ATTACKS)) {
        await t.step(attack, async () => {
          await run(server);
          await server.isAsBefore();
        });
      }
    },
    { ignore: Deno.build.os !== "linux", settleMs: 10_000 },
  );
}

edoTest(
  "clients that have vanished, and clients that drip, are dropped when their time is over",
  async () => {
    const kind = KINDS["the echo server"]!;
    await using server = await Server.start(
      { ...kind, args: [] },
      "--idle-timeout=2",
    );
    using crowd = new Crowd(server, 100);
    const dropped = () =>
      server.process.stderr.all.filter((line) => kind.mayPrint.test(line))
        .length;
    await pollFor(
      async () => {
        await server.serves();
        return dropped() >= crowd.peers.length;
      },
      PATIENCE_MS,
      "the end of 100 silent clients",
      () => `; ${dropped()} were dropped`,
    );
    // The peers have not moved: it is the server that has let go.
    await server.isAsBefore();
  },
  { ignore: Deno.build.os !== "linux", settleMs: 10_000 },
);
