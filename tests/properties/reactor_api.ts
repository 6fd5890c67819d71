import { type noopWaker, reactor } from "../../mod.ts";
import { RawPeer } from "../net/support.ts";
import { fc } from "./fast_check.ts";
import { Made, made, number, options, orHostile } from "./hostile_values.ts";
import { propertyTest } from "./support.ts";
import { covered, surfaceTest } from "./surface.ts";
import { tried } from "./verdict.ts";

const { Interest, Token } = reactor;

const place = options({
  memory: orHostile(
    new Made("12 shared bytes", () => new SharedArrayBuffer(12)),
    new Made("64 shared bytes", () => new SharedArrayBuffer(64)),
  ),
  at: orHostile(0, 1, number),
  backend: orHostile("epoll", "afd", "notifier", "other"),
  target: orHostile(0, number),
  signals: orHostile(new Made("4 bytes", () => new SharedArrayBuffer(4))),
});

surfaceTest({
  name: "reactor.Reactor",
  args: [orHostile(undefined, options({ place: orHostile(undefined, place) }))],
  call: (options: reactor.ReactorOptions) => new reactor.Reactor(options),
  names: /^Cannot open a reactor: /,
});

surfaceTest({
  name: "reactor.ReactorHandle.import",
  args: [orHostile(place)],
  // It is not used: an eventfd of this process might have that number.
  call: (message: reactor.ReactorHandleMessage) =>
    reactor.ReactorHandle.import(message).export(),
  names: /^Cannot import a ReactorHandle: /,
});

surfaceTest({
  name: "reactor.reactorOf",
  args: [orHostile()],
  call: reactor.reactorOf,
  names: /^Cannot wait for a socket: this context has no reactor/,
});

surfaceTest({
  name: "reactor.Source",
  args: [
    orHostile(number),
    orHostile(undefined, options({ consume: orHostile(true, false) })),
  ],
  call: (fd: number, options: { consume?: boolean }) => {
    const source = new reactor.Source(fd, options);
    void [source.isReadable, source.isWritable, source.hasWaiters];
  },
});

// Small numbers are descriptors of Deno's own.
const fd = orHostile(
  fc.integer({ min: 100_000, max: 2 ** 31 - 1 }).map(made),
  ...[-1, -0, 2 ** 31, 2 ** 32, 2 ** 32 + 2 ** 31, 2 ** 53, NaN, 0.5, -0.5],
);

/** Calls of a reactor's methods on one that has a socket registered. */
const METHODS: Record<
  string,
  (events: reactor.Reactor, token: reactor.Token, ...args: never[]) => unknown
> = {
  register: (events, _, fd: number) => events.deregister(events.register(fd)),
  setWaker: (events, _, ...args: [reactor.Token, 1, typeof noopWaker]) =>
    events.setWaker(...args),
  "setWaker with a token": (
    events,
    token,
    ...args: [unknown, 1, typeof noopWaker]
  ) => events.setWaker(token, args[1], args[2]),
  unsetWaker: (events, _, ...args: [reactor.Token, 1, typeof noopWaker]) =>
    events.unsetWaker(...args),
  deregister: (events, _, token: reactor.Token) => events.deregister(token),
  wait: (events, _, ms: number) => {
    // Only what ends at once: a handle has woken it.
    events.handle().wake();
    return events.wait(ms);
  },
};

const waker = new Made("a waker", () => ({ wake() {} }));

const ARGUMENTS: Record<string, fc.Arbitrary<readonly Made[]>> = {
  register: fc.tuple(fd),
  wait: fc.tuple(orHostile(0, 5, number)),
};
const OF_WAKERS = fc.tuple(
  orHostile(Token.WAKE, 1, 2 ** 24, 2 ** 24 + 2, number),
  orHostile(Interest.READABLE, Interest.WRITABLE),
  orHostile(waker),
);

for (const [method, call] of Object.entries(METHODS)) {
  covered.add(`reactor.Reactor.${method}`);
  propertyTest(
    `reactor.Reactor.${method}: whatever it is called with, it works or says what was wrong`,
    ARGUMENTS[method] ?? OF_WAKERS,
    500,
    (args) => {
      using events = new reactor.Reactor();
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      try {
        using peer = RawPeer.connect(listener.addr as Deno.NetAddr);
        const token = events.register(peer.fd);
        const made = args.map((arg) => arg.make());
        tried(
          () => call(events, token, ...made as never[]),
          /^Cannot (register|set a waker|deregister|wait)/,
        );
        // It is as good as before.
        let woken = 0;
        const waker = { wake: () => void woken++ };
        events.setWaker(token, Interest.WRITABLE, waker);
        events.wait(0);
        events.deregister(token);
        if (woken === 0) throw new Error("the reactor wakes nobody any more");
        if (events.size > 0) throw new Error("a registration was left behind");
      } finally {
        listener.close();
      }
    },
  );
}
