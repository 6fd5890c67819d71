import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkNotImporting,
  importing,
  outsideImport,
} from "../../src/task/import_guard.ts";
import { loadShareable } from "../../src/task/registry.ts";
import { waitForEvent } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { Modules, PRELUDE } from "./registry/modules.ts";
import type { Reply, Request } from "./registry/worker.ts";

const PATIENCE_MS = 15_000;

/** The message of the error that loading a task ends with. */
async function loadingError(url: string, name: string): Promise<Error> {
  return await assertRejects(async () => await loadShareable(url, name), Error);
}

Deno.test("a task is found in a module that this thread has not imported yet", async () => {
  using modules = new Modules();
  const url = modules.add(
    "square.js",
    "export const square = task(import.meta, function* square(n) { return n * n; });",
  );
  const loading = loadShareable(url, "square");
  assert(loading instanceof Promise);
  const square = await loading;
  assertEquals(loadShareable(url, "square"), square);
  assertEquals([...square(3) as Generator], []);
  assertEquals((square(3) as Generator).next().value, 9);
});

Deno.test("several that ask while the module is imported all get its task, once it is evaluated", async () => {
  using modules = new Modules();
  const url = modules.add(
    "slow.js",
    `task(import.meta, function early() { return table; });
     await new Promise((resolve) => setTimeout(resolve, 1));
     const table = [1, 2];`,
  );
  const [a, b] = await Promise.all([
    loadShareable(url, "early"),
    (async () => {
      await Promise.resolve();
      return await loadShareable(url, "early");
    })(),
  ]);
  assertEquals(a(), [1, 2]);
  assertEquals(a, b);
});

Deno.test("a task of a module of data: or blob: is found", async () => {
  const code = PRELUDE + `task(import.meta, function one() { return 1; });`;
  const blob = URL.createObjectURL(
    new Blob([code], { type: "text/javascript" }),
  );
  const data = `data:text/javascript,${encodeURIComponent(code)}`;
  try {
    for (const url of [blob, data]) {
      assertEquals((await loadShareable(url, "one"))(), 1);
    }
  } finally {
    URL.revokeObjectURL(blob);
  }
});

Deno.test("a task that its module does not declare is an error with those that it declares", async () => {
  using modules = new Modules();
  const url = modules.add(
    "two.js",
    `task(import.meta, function a() {}); task(import.meta, "b c", () => {});`,
  );
  const none = modules.add("none.js", `function inner() { task(1, inner); }`);
  const expected = (url: string) =>
    `Cannot run the task "x" of ${url}: the module declares no such task; ` +
    "declare it at module level, with " +
    "`export const x = task(import.meta, …)`. It declares ";
  const { message } = await loadingError(url, "x");
  assertEquals(message, expected(url) + '"a", "b c"');
  assertThrows(() => loadShareable(url, "x"), Error, message);
  assertEquals(
    (await loadingError(none, "x")).message,
    expected(none) + "none",
  );
});

Deno.test("what a module throws on import comes with every task of it, and is kept as the cause", async () => {
  using modules = new Modules();
  const url = modules.add(
    "throws.js",
    `task(import.meta, function first() {});
     throw new RangeError("no table");`,
  );
  for (const name of ["first", "second", "first"]) {
    const error = await loadingError(url, name);
    assertEquals(
      error.message,
      `Cannot run the task "${name}" of ${url}: importing the module failed: ` +
        "RangeError: no table",
    );
    assert(error.cause instanceof RangeError);
  }
});

Deno.test("a module that is not there, or cannot be compiled, is an error that says so", async () => {
  using modules = new Modules();
  const missing = new URL("missing.js", modules.add("a.js", "")).href;
  const absent = await loadingError(missing, "x");
  assert(absent.message.includes("importing the module failed: TypeError: "));
  assert(absent.message.includes("Module not found"), absent.message);
  const broken = await loadingError(modules.add("b.js", "const = 1;"), "x");
  assert(broken.cause instanceof Error);
  const odd = modules.add("c.js", "throw { toString() { throw 1; } };");
  assert((await loadingError(odd, "x")).message.endsWith("cannot be printed"));
});

Deno.test("a second declaration in a module under import fails its import", async () => {
  using modules = new Modules();
  const url = modules.add(
    "twice.js",
    `task(import.meta, function a() {}); task(import.meta, function a() {});`,
  );
  const { message } = await loadingError(url, "a");
  assert(message.includes(`Cannot declare the task "a" of ${url} twice`));
});

Deno.test("a module that starts work on import gets the guard shown, and its tasks that very error", async () => {
  using modules = new Modules();
  const url = modules.add(
    "unguarded.js",
    `task(import.meta, function work() {});
     checkNotImporting("block_on");`,
  );
  for (let i = 0; i < 2; i++) {
    assertEquals(
      (await loadingError(url, "work")).message,
      `Cannot block_on while a worker imports ${url}: ` +
        "put what starts work behind `if (import.meta.main) { … }`",
    );
  }
});

const HIDDEN: Record<string, string> = {
  "catches the error": `try { checkNotImporting("run"); } catch {}`,
  "throws another one": `try { checkNotImporting("run"); } catch { throw 1; }`,
  "has an async main that nobody waits for":
    `async function main() { checkNotImporting("run"); } main().catch(() => {});`,
  "waits at its top level before":
    `await 0; await new Promise((r) => setTimeout(r, 1));
     try { checkNotImporting("run"); } catch {}`,
};

for (const [what, code] of Object.entries(HIDDEN)) {
  Deno.test(`a module that starts work on import and ${what} is refused as well`, async () => {
    using modules = new Modules();
    const url = modules.add(
      "unguarded.js",
      `task(import.meta, function work() {}); ${code}`,
    );
    for (let i = 0; i < 2; i++) {
      const { message } = await loadingError(url, "work");
      assert(message.startsWith("Cannot run while a worker imports"), message);
    }
  });
}

Deno.test("a main that comes to start work only after the import is refused, alone", async () => {
  using modules = new Modules();
  const url = modules.add(
    "late.js",
    `export const ended = (async () => {
       await new Promise((resolve) => addEventListener("imported", resolve));
       checkNotImporting("run");
     })();
     ended.catch(() => {});
     task(import.meta, function work() { return 1; });`,
  );
  assertEquals((await loadShareable(url, "work"))(), 1);
  const { ended } = await import(url);
  dispatchEvent(new Event("imported"));
  await assertRejects(() => ended, Error, "Cannot run while a worker imports");
  assertEquals((await loadShareable(url, "work"))(), 1);
});

Deno.test("of imports that overlap each has its own, and what runs beside them has none", async () => {
  using modules = new Modules();
  const code = (name: string) =>
    `const seen = [importing()];
     for (let i = 0; i < 3; i++) {
       await new Promise((resolve) => setTimeout(resolve, 1));
       seen.push(importing());
     }
     task(import.meta, function ${name}() { return seen; });`;
  const a = modules.add("a.js", code("a"));
  const b = modules.add("b.js", code("b"));
  const beside: (string | null)[] = [];
  const timer = setInterval(() => {
    beside.push(importing());
    checkNotImporting("spawn");
  }, 0);
  const loads = [loadShareable(a, "a"), loadShareable(b, "b")];
  const beforeAll = importing();
  const [ofA, ofB] = await Promise.all(loads);
  clearInterval(timer);
  assertEquals(ofA!(), Array(4).fill(a));
  assertEquals(ofB!(), Array(4).fill(b));
  assertEquals(new Set(beside), new Set([null]));
  assertEquals(beforeAll, null);
  assertEquals(importing(), null);
  checkNotImporting("spawn");
});

Deno.test("what Deno calls after an import does not count as the module's", async () => {
  using modules = new Modules();
  const seen: (string | null)[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => {
      seen.push(importing());
      return new Response();
    },
  );
  const url = modules.add("one.js", "task(import.meta, function one() {});");
  await loadShareable(url, "one");
  const response = await fetch(`http://127.0.0.1:${server.addr.port}`);
  await response.body?.cancel();
  await server.shutdown();
  assertEquals(seen, [null]);
});

Deno.test("what is called outside an import may start work, whoever set it going", async () => {
  using modules = new Modules();
  const url = modules.add(
    "loop.js",
    `outsideImport((verb) => checkNotImporting(verb), "spawn");
     const inside = importing();
     const outside = outsideImport(importing);
     task(import.meta, function seen() { return [inside, outside]; });`,
  );
  assertEquals((await loadShareable(url, "seen"))(), [url, null]);
  assertEquals(outsideImport((a, b) => a + b, 1, 2), 3);
});

edoTest(
  "a worker finds the tasks of modules that it imports, and says what it does not find",
  async () => {
    using modules = new Modules();
    const worker = new Worker(
      new URL("./registry/worker.ts", import.meta.url),
      { type: "module" },
    );
    const ask = async (request: Request): Promise<Reply> => {
      const reply = waitForEvent<MessageEvent<Reply>>(
        worker,
        "message",
        PATIENCE_MS,
      );
      worker.postMessage(request);
      return (await reply).data;
    };
    try {
      const script = modules.add(
        "script.js",
        `export const add = task(import.meta, async function add(a, b) {
         return [a + b, import.meta.main];
       });
       if (import.meta.main) checkNotImporting("block_on");`,
      );
      assertEquals(await ask({ url: script, name: "add", args: [1, 2] }), {
        value: [3, false],
        importing: null,
      });
      const unguarded = modules.add(
        "unguarded.js",
        `task(import.meta, function work() {}); checkNotImporting("block_on");`,
      );
      assertEquals(await ask({ url: unguarded, name: "work", args: [] }), {
        error: `Error: Cannot block_on while a worker imports ${unguarded}: ` +
          "put what starts work behind `if (import.meta.main) { … }`",
        importing: null,
      });
      const throws = modules.add("throws.js", `throw new RangeError("no");`);
      const { error, cause } = await ask({ url: throws, name: "x", args: [] });
      assertEquals(cause, "RangeError: no");
      assert(
        error!.includes(`Cannot run the task "x" of ${throws}: importing`),
      );
      const missing = await ask({ url: script, name: "sub", args: [] });
      assert(missing.error!.endsWith('It declares "add"'), missing.error);
    } finally {
      worker.terminate();
    }
  },
);
