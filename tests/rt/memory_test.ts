import { assertEquals } from "@std/assert";
import { rtTest } from "./flavours.ts";
import { runProgram } from "./program.ts";

/**
 * Runs a program in which `collected(key)` says whether what was `track`ed under
 * that key is garbage. Asked outside of block_on, as nothing is collected inside.
 */
async function collects(body: string): Promise<void> {
  const program = `
    import {
      blockOn, Context, Future, join, noopWaker, Pending, run, select, spawn,
      time, yieldNow,
    } from "edo";
    const refs = new Map<string, WeakRef<object>>();
    function track(key: string): object {
      const value = { key, ballast: new Array(1_000).fill(key) };
      refs.set(key, new WeakRef(value));
      return value;
    }
    /** Which of those tracked are still there when none should be any more. */
    async function kept(): Promise<string[]> {
      let keys = [...refs.keys()];
      const end = performance.now() + 5_000;
      while (keys.length > 0 && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        globalThis.gc!();
        keys = keys.filter((key) => refs.get(key)!.deref() !== undefined);
      }
      return keys;
    }
    class Keep extends Future<void> {
      static wakers: unknown[] = [];
      #times: number;
      constructor(times: number) { super(); this.#times = times; }
      poll(cx: Context) {
        Keep.wakers.push(cx.waker);
        if (this.#times-- > 0) return Pending;
      }
    }
    ${body}
  `;
  const { code, stdout, stderr } = await runProgram(program, [
    "--v8-flags=--expose-gc",
  ]);
  assertEquals([code, stderr, stdout], [0, "", "[]\n"]);
}

rtTest(
  "a finished task's frame is released though its handle and its wakers are kept",
  () =>
    collects(`
    const handles: unknown[] = [];
    function* body(key: string, argument: object) {
      const local = track(key + " local");
      yield* new Keep(0);
      yield* yieldNow();
      return [argument, local].length;
    }
    for (const start of [blockOn, run] as const) {
      const name = start.name;
      await (start as typeof run)(function* () {
        const handle = spawn(body, name, track(name + " argument"));
        handles.push(handle);
        yield* handle;
        yield* yieldNow();
      });
    }
    console.log(JSON.stringify(await kept()));
    if (handles.length !== 2 || Keep.wakers.length !== 2) throw new Error();
  `),
);

rtTest(
  "an aborted task's frame is released though its handle and its wakers are kept",
  () =>
    collects(`
    const handles: unknown[] = [];
    function* body(key: string, argument: object) {
      const local = track(key + " local");
      yield* new Keep(1);
      return [argument, local].length;
    }
    for (const start of [blockOn, run] as const) {
      const name = start.name;
      await (start as typeof run)(function* () {
        for (const when of ["before", "after"]) {
          const key = name + " " + when;
          const handle = spawn(body, key, track(key + " argument"));
          handles.push(handle);
          if (when === "after") yield* yieldNow();
          handle.abort();
          yield* yieldNow();
        }
      });
    }
    console.log(JSON.stringify(await kept()));
    if (handles.length !== 4) throw new Error();
  `),
);

rtTest(
  "what is cancelled at the end of a runtime is released though its handle is kept",
  () =>
    collects(`
    const handles: unknown[] = [];
    function* body(key: string) {
      const local = track(key);
      yield* join(new Keep(1), select(time.sleep(600_000), new Keep(1)));
      return local;
    }
    for (const start of [blockOn, run] as const) {
      const name = start.name;
      await (start as typeof run)(function* () {
        handles.push(spawn(body, name));
        handles.push(spawn(body(name + " as a generator")));
        yield* yieldNow();
      });
    }
    console.log(JSON.stringify(await kept()));
    if (handles.length !== 4 || Keep.wakers.length !== 8) throw new Error();
  `),
);

rtTest(
  "a task's value is released with its handle, and a root's with its promise",
  () =>
    collects(`
    blockOn(function* () {
      yield* spawn(() => track("blocking task"));
      return track("blocking root");
    });
    await run(function* () {
      yield* spawn(() => track("hosted task"));
      return track("hosted root");
    });
    await (async () => { await join((function* () {
      yield* yieldNow();
      return track("awaited");
    })()); })();
    console.log(JSON.stringify(await kept()));
  `),
);

rtTest(
  "a detached task that nothing can wake does not outlive its runtime",
  () =>
    collects(`
    class Never extends Future<void> {
      poll() { return Pending; }
    }
    for (const start of [blockOn, run] as const) {
      await (start as typeof run)(function* () {
        spawn(function* (_: object) {
          const local = track(start.name + " local");
          yield* new Never();
          return local;
        }, track(start.name + " argument")).detach();
        yield* yieldNow();
      });
    }
    console.log(JSON.stringify(await kept()));
  `),
);

rtTest(
  "what is waited for off the thread arrives though garbage is collected meanwhile",
  async () => {
    const { stdout, stderr } = await runProgram(
      `
    import { net, run } from "edo";
    /** Long enough for the runtime to wait off the thread. */
    async function turns() {
      for (let i = 0; i < 100; i++) await new Promise((done) => setImmediate(done));
    }
    let garbage: Uint8Array[] = [];
    function collect() {
      for (let i = 0; i < 3; i++) {
        garbage = Array.from({ length: 100 }, () => new Uint8Array(10_000).fill(255));
        globalThis.gc!();
      }
    }
    await run(async () => {
      using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
      for (let round = 0; round < 20; round++) {
        const accepting = listener.accept().then((stream) => stream);
        await turns();
        collect();
        using client = await Deno.connect(listener.addr);
        using stream = await accepting;
        const buffer = new Uint8Array(5);
        const reading = stream.readExact(buffer).then(() => buffer);
        await turns();
        collect();
        await client.write(new Uint8Array([1, 2, 3, 4, round]));
        console.log((await reading).join());
      }
    });
    if (garbage.length === 0) throw new Error();
  `,
      ["--v8-flags=--expose-gc"],
    );
    const lines = Array.from({ length: 20 }, (_, n) => `1,2,3,4,${n}\n`);
    assertEquals([stdout, stderr], [lines.join(""), ""]);
  },
);

rtTest("a million tasks in turn do not make the heap grow", async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { run, spawn, time } from "edo";
    function* body(n: number) { yield* time.sleep(0); return n; }
    async function round() {
      await run(function* () {
        for (let i = 0; i < 20; i++) {
          const handles = [];
          for (let j = 0; j < 5_000; j++) handles.push(spawn(body, j));
          for (const handle of handles) yield* handle;
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 1));
      globalThis.gc!();
      return Deno.memoryUsage().heapUsed;
    }
    await round();
    const before = await round();
    for (let i = 0; i < 8; i++) await round();
    const grown = await round() - before;
    console.log(grown < 1_000_000 ? "flat" : grown + " bytes more");
  `,
    ["--v8-flags=--expose-gc"],
  );
  assertEquals([stdout, stderr], ["flat\n", ""]);
});
