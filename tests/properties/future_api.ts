import {
  abortable,
  block_on,
  Context,
  ctrlC,
  type Failure,
  fromPromise,
  Future,
  type IntoFuture,
  intoFuture,
  isPending,
  join,
  Pending,
  type Poll,
  pollFn,
  Portable,
  portable,
  select,
  setFailureHook,
  spawn,
  yieldNow,
} from "../../mod.ts";
import { Bench } from "./drive.ts";
import { fc } from "./fast_check.ts";
import {
  callable,
  future,
  hostile,
  Made,
  options,
  orHostile,
  text,
} from "./hostile_values.ts";
import { holds } from "./support.ts";
import { asyncSurfaceTest, surfaceTest } from "./surface.ts";
import { judge, Sentinel } from "./verdict.ts";

const WAIT = /^Cannot wait for (argument \d|future|argument): /;

const signal = new Made("a signal", () => new AbortController().signal);
const aborted = new Made(
  "an aborted signal",
  () => AbortSignal.abort(new Sentinel("aborted")),
);

surfaceTest({
  name: "abortable",
  args: [orHostile(signal, aborted), orHostile(future)],
  call: abortable,
  names: /^Cannot (make a future abortable: signal is|wait for future: )/,
});

surfaceTest({
  name: "intoFuture",
  args: [orHostile(future), orHostile(undefined, "name")],
  call: intoFuture,
  names: /^Cannot wait for /,
});

surfaceTest({
  name: "join",
  args: [orHostile(future), orHostile(future), orHostile(future)],
  call: join,
  names: WAIT,
});

surfaceTest({
  name: "select",
  args: [orHostile(future), orHostile(future)],
  call: select,
  names: WAIT,
});

surfaceTest({
  name: "select of any number",
  args: [
    fc.array(orHostile(future), { maxLength: 4 }).map((all) =>
      new Made(fc.stringify(all), () => all.map((one) => one.make()))
    ),
  ],
  call: (all: [IntoFuture<unknown>]) => select(...all),
});

surfaceTest({
  name: "pollFn",
  args: [orHostile(callable)],
  call: pollFn,
  names: /^Cannot make a future: poll is /,
});

asyncSurfaceTest({
  name: "fromPromise",
  args: [
    orHostile(
      new Made("a promise", () => Promise.resolve(1)),
      new Made("a rejected promise", () => Promise.reject(new Error("Cannot"))),
    ),
  ],
  // A promise that nobody waits for is told as one that nobody caught.
  call: (promise: Promise<unknown>) => {
    const future = fromPromise(promise);
    if (promise instanceof Promise) promise.catch(() => {});
    // Asked for its `then`, a future would go on by itself when the test has ended.
    if (promise instanceof Future) return;
    using bench = new Bench();
    bench.drive(future);
  },
  names: /^Cannot make a future of the argument promise: /,
});

surfaceTest({ name: "isPending", args: [hostile], call: isPending });
surfaceTest({ name: "yieldNow", args: [hostile], call: yieldNow as never });
surfaceTest({
  name: "ctrlC",
  args: [hostile],
  // It is not driven: it would listen for signals.
  call: (value: unknown) => void (ctrlC as (value: unknown) => unknown)(value),
});

surfaceTest({
  name: "setFailureHook",
  args: [orHostile(null, new Made("a hook", () => (_: Failure) => {}))],
  call: (hook: null) => {
    const before = setFailureHook(hook);
    setFailureHook(before);
  },
  names: /^Cannot set the failure hook: newHook is /,
});

surfaceTest({
  name: "Context",
  args: [
    orHostile(),
    orHostile(
      undefined,
      options({ timers: orHostile(null), reactor: orHostile(null) }),
    ),
    orHostile(undefined, options({ blocking: orHostile(true, false) })),
  ],
  call: (
    ...args: ConstructorParameters<typeof Context>
  ) => new Context(...args).withWaker(args[0]),
  names: /^Cannot make a context: /,
});

/** A class whose two methods are these. */
function classWith(encode: unknown, decode: unknown): unknown {
  class Some {
    static [Portable.decode] = decode;
  }
  Object.assign(Some.prototype, { [Portable.encode]: encode });
  return Some;
}

const someClass = fc.tuple(orHostile(callable), orHostile(callable)).map(
  ([encode, decode]) =>
    new Made(
      `class { [Portable.encode]: ${encode.label}, ` +
        `static [Portable.decode]: ${decode.label} }`,
      () => classWith(encode.make(), decode.make()),
    ),
);

let modules = 0;
const meta = new Made("{ url }", () => ({ url: `file:///m${modules++}.ts` }));

surfaceTest({
  name: "portable",
  args: [
    orHostile(meta, options({ url: orHostile("file:///m.ts") })),
    orHostile(someClass),
  ],
  call: (meta: ImportMeta, portableClass: never) =>
    void portable(meta, portableClass),
  names: /^Cannot make (a class|the class .*) portable: /s,
});

surfaceTest({
  name: "portable with a name",
  args: [
    orHostile(meta),
    orHostile(text),
    orHostile(someClass),
  ],
  call: (meta: ImportMeta, name: string, portableClass: never) =>
    void portable(meta, name, portableClass),
  names: /^Cannot make (a class|the class .*) portable: /s,
});

const combineAll = (all: readonly Future<number>[]): Future<unknown> =>
  join(...all);
const selectOne = (all: readonly Future<number>[]): Future<unknown> =>
  select(all[0]!, ...all.slice(1));

/** What a future of somebody's does when it is polled or cancelled. */
const does = fc.constantFrom("value", "pending", "throw", "wake", "again");

Deno.test("futures of any kind, nested in combinators, end or are cancelled, and leave nothing", async () => {
  class Odd extends Future<number> {
    constructor(
      readonly steps: readonly string[],
      readonly atCancel: string,
      readonly log: string[],
    ) {
      super();
    }
    #at = 0;
    poll(cx: Context): Poll<number> {
      switch (this.steps[this.#at++]) {
        case "value":
          return 5;
        case "throw":
          throw new Error("Cannot poll: odd");
        case "wake":
          cx.waker.wake();
          break;
        case "again":
          cx.waker.wake();
          cx.waker.wake();
      }
      return Pending;
    }
    override cancel(): void {
      this.log.push("cancelled");
      if (this.atCancel === "throw") throw new Error("Cannot cancel: odd");
    }
  }
  const odd = fc.tuple(fc.array(does, { maxLength: 4 }), does);
  const before = setFailureHook(() => {});
  try {
    await holds(
      fc.tuple(
        fc.constantFrom(combineAll, selectOne),
        fc.array(odd, { minLength: 1 }),
      ),
      300,
      ([combine, all]) => {
        const log: string[] = [];
        const futures = all.map(([steps, atCancel]) =>
          new Odd(steps, atCancel, log)
        );
        try {
          block_on(function* () {
            // Who waits for what never wakes is not to hold the test up.
            const rest = spawn(() => combine(futures));
            for (let i = 0; i < 6; i++) yield* yieldNow();
            rest.abort();
            yield* rest;
          });
        } catch (error) {
          judge(error);
        }
        if (log.length > all.length) throw new Error("cancelled twice");
      },
    );
  } finally {
    setFailureHook(before);
  }
});
