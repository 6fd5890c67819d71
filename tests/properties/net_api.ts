import { block_on, net } from "../../mod.ts";
import { PREPARE_MOVE } from "../../src/future/portable.ts";
import { rawPair } from "../net/support.ts";
import { Bench } from "./drive.ts";
import { fc } from "./fast_check.ts";
import {
  Made,
  made,
  number,
  options,
  orHostile,
  text,
} from "./hostile_values.ts";
import { propertyTest } from "./support.ts";
import { covered, surfaceTest } from "./surface.ts";
import { tried } from "./verdict.ts";

/** Addresses of this machine that nobody else uses, so that nobody is disturbed. */
const OWN = ["127.77.0.1", "::1", "[::1]", "::ffff:127.77.0.2", "localhost"];

const NEARLY = [
  ...["127.77.0", "127.77.0.256", "127.077.0.1", "127.77.0.1 ", "127.77.0.1\0"],
  ...["::1%", "::1%nowhere", "::1%lo%lo", ":::1", "[::1", "::1]", "[[::1]]"],
  ...[
    "1::2::3",
    "::g",
    "a b",
    "a/b",
    "a:b",
    "*",
    ".",
    "..",
    "localhost..",
    "-",
  ],
  ...["127.77.0.1:80", "http://127.77.0.1", "user@host", "host?", "host#x"],
  ...["\ud800", "ä.invalid", "xn--.invalid", "%00", "127.77.0.1%25lo", "::1%1"],
];

const hostname = orHostile(
  ...OWN,
  fc.constantFrom(...NEARLY).map(made),
  fc.ipV6().map(made),
  text,
);
// Another port could be one that somebody wants to listen on meanwhile.
const port = orHostile(0, number);

surfaceTest({
  name: "net.TcpListener.bind",
  args: [
    options({
      hostname,
      port,
      backlog: orHostile(undefined, 1, 5),
      reusePort: orHostile(undefined, true, false),
    }),
  ],
  call: (options: net.TcpListenOptions) => {
    const listener = net.TcpListener.bind(options);
    void listener.addr;
    return listener;
  },
  names: /^Cannot (listen|parse address)/,
  runs: 600,
});

surfaceTest({
  name: "net.TcpListener.bind of anything",
  args: [orHostile()],
  call: net.TcpListener.bind,
  names: /^Cannot listen: /,
});

surfaceTest({
  name: "net.TcpStream.connect of anything",
  args: [orHostile()],
  call: net.TcpStream.connect,
  names: /^Cannot connect: /,
});

covered.add("net.TcpStream.connect");
propertyTest(
  "net.TcpStream.connect: whatever it is called with, it works or says what was wrong",
  fc.tuple(options({ hostname, port })),
  600,
  ([address]) => {
    const connecting = tried(
      () => net.TcpStream.connect(address.make() as net.TcpAddress),
      /^Cannot connect: /,
    );
    // On a blocked thread without workers no name is looked up: nobody is asked.
    using bench = new Bench({ blocking: true });
    bench.drive(connecting);
    bench.checkEmpty();
  },
);

const bytes = orHostile(
  new Made("a buffer", () => new Uint8Array(16)),
  new Made("no bytes", () => new Uint8Array(0)),
  new Made("shared bytes", () => new Uint8Array(new SharedArrayBuffer(8))),
  new Made("a Buffer", () => new (class extends Uint8Array {})(8)),
);

const CALLS: Record<
  string,
  (stream: net.TcpStream, ...args: never[]) => unknown
> = {
  read: (stream, buffer: Uint8Array) => stream.read(buffer),
  readExact: (stream, buffer: Uint8Array) => stream.readExact(buffer),
  peek: (stream, buffer: Uint8Array) => stream.peek(buffer),
  write: (stream, data: Uint8Array, n: number) => stream.write(data, n),
  writeAll: (stream, data: Uint8Array, n: number) => stream.writeAll(data, n),
  shutdown: (stream, how: "read") => stream.shutdown(how),
  setNoDelay: (stream, on: boolean) => stream.setNoDelay(on),
  setKeepAlive: (stream, on: boolean) => stream.setKeepAlive(on),
};

for (const [method, call] of Object.entries(CALLS)) {
  covered.add(`net.TcpStream.${method}`);
  const takesBytes = /read|peek|write/i.test(method);
  propertyTest(
    `net.TcpStream.${method}: whatever it is called with, it works or says what was wrong`,
    takesBytes ? fc.tuple(bytes, orHostile(undefined, number)) : fc.tuple(
      orHostile("read", "write", "both", true, false),
      orHostile(undefined),
    ),
    150,
    (args) => {
      block_on(function* () {
        const { peer, stream } = yield* rawPair();
        using _peer = peer;
        using _stream = stream;
        peer.send("some bytes to be read");
        using bench = new Bench();
        const made = args.map((arg) => arg.make()) as never[];
        bench.drive(tried(
          () => call(stream, ...made),
          /^Cannot (read|peek|write|shut down)/,
        ));
        stream.close();
        bench.checkEmpty();
      });
    },
  );
}

/** What may be done with a stream that is open, closed, or half so. */
const step = fc.constantFrom(
  ...["read", "write", "peek", "close", "reset", "shutdown", "send", "move"],
  ...["addresses", "options", "dispose", "cancelled read"],
);

covered.add("net.TcpStream.close");
propertyTest(
  "net.TcpStream: whatever is done with a stream and its peer, in any order, only documented errors come",
  fc.array(step, { maxLength: 12 }),
  300,
  (steps) => {
    block_on(function* () {
      const { peer, stream } = yield* rawPair();
      using _peer = peer;
      using _stream = stream;
      using bench = new Bench();
      let isReset = false;
      for (const step of steps) bench.drive(tried(() => act(step)));
      stream.close();
      bench.checkEmpty();

      function act(step: string): unknown {
        switch (step) {
          case "read":
            return stream.read(new Uint8Array(5));
          case "write":
            return stream.writeAll(new Uint8Array(100_000));
          case "peek":
            return stream.peek(new Uint8Array(5));
          case "close":
            return stream.close();
          case "reset":
            isReset = true;
            return peer.reset();
          case "shutdown":
            return stream.shutdown();
          case "send":
            return void (isReset || peer.send("some bytes"));
          case "move":
            return void stream[PREPARE_MOVE]();
          case "addresses":
            return void [stream.localAddr, stream.remoteAddr];
          case "options":
            stream.setNoDelay();
            return stream.setKeepAlive();
          case "dispose":
            return stream[Symbol.dispose]();
          default:
            return stream.read(new Uint8Array(5)).cancel();
        }
      }
    });
  },
);
