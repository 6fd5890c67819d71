import { assert, assertEquals } from "@std/assert";
import { layeringErrors, MAX_LINES, readSources } from "./helpers/layers.ts";
import { ROOT } from "./helpers/subprocess.ts";

/** The errors of a project with these files; those not named are empty. */
function errorsOf(sample: Record<string, string>): string[] {
  return layeringErrors(new Map(Object.entries(sample)));
}

Deno.test("the sources keep to their layers", () => {
  const files = readSources(ROOT);
  assert(files.size > 1, "there are no sources");
  assertEquals(layeringErrors(files), []);
});

Deno.test("a project that keeps to the layers has no errors", () => {
  assertEquals(
    errorsOf({
      "mod.ts": `export * from "./src/executor/mod.ts";`,
      "src/executor/mod.ts": `import "../task/a.ts"; import "../net/a.ts";`,
      "src/task/a.ts": `import type { P } from "../future/a.ts";`,
      "src/net/a.ts": `import "../reactor/a.ts"; import "../time/a.ts";`,
      "src/reactor/a.ts": `import "../sys/linux/libc.ts"; import "./b.ts";`,
      "src/reactor/b.ts": `import { setTimeout } from "node:timers";`,
      "src/time/a.ts": `import "../future/a.ts";`,
      "src/future/a.ts": `import "../sys/linux/libc.ts";`,
      "src/sys/linux/libc.ts": `export const lib = Deno.dlopen("libc", {});`,
    }),
    [],
  );
});

const UPWARDS: Record<string, string> = {
  "an import": `import { a } from "../executor/a.ts";`,
  "an import for its effects": `import "../executor/a.ts";`,
  "a type-only import": `import type { A } from "../executor/a.ts";`,
  "the type of a module": `type A = import("../executor/a.ts").A;`,
  "a re-export": `export { a } from "../executor/a.ts";`,
  "a re-export of all": `export * from "../executor/a.ts";`,
  "a dynamic import": `await import("../executor/a.ts");`,
  "an import in a template": "`${await import('../executor/a.ts')}`;",
  "the address of a worker":
    `new Worker(new URL("../executor/a.ts", import.meta.url));`,
};

for (const [what, code] of Object.entries(UPWARDS)) {
  Deno.test(`${what} that leads upwards is found`, () => {
    const errors = errorsOf({ "src/net/a.ts": code, "src/executor/a.ts": "" });
    assertEquals(errors, [
      "src/net/a.ts imports src/executor/a.ts: net is not above executor",
    ]);
  });
}

Deno.test("layers side by side, and the top from within, are found", () => {
  assertEquals(
    errorsOf({
      "mod.ts": "",
      "src/net/a.ts": `import "../task/a.ts";`,
      "src/task/a.ts": "",
      "src/time/a.ts": `import "../reactor/a.ts"; import "../../mod.ts";`,
      "src/reactor/a.ts": "",
    }),
    [
      "src/net/a.ts imports src/task/a.ts: net is not above task",
      "src/time/a.ts imports src/reactor/a.ts: time is not above reactor",
      "src/time/a.ts imports mod.ts: time is not above mod",
    ],
  );
});

Deno.test("circles of imports are found, through types as well", () => {
  assertEquals(
    errorsOf({
      "src/time/a.ts": `import "./b.ts";`,
      "src/time/b.ts": `import type { C } from "./c.ts"; import "./d.ts";`,
      "src/time/c.ts": `export * from "./a.ts";`,
      "src/time/d.ts": `import "./e.ts";`,
      "src/time/e.ts": `import "./e.ts";`,
    }),
    [
      "src/time/a.ts imports itself: " +
      "src/time/a.ts -> src/time/b.ts -> src/time/c.ts -> src/time/a.ts",
      "src/time/e.ts imports itself: src/time/e.ts -> src/time/e.ts",
    ],
  );
});

Deno.test("a worker may import the file that starts it", () => {
  assertEquals(
    errorsOf({
      "src/executor/pool.ts":
        `new Worker(new URL("./worker.ts", import.meta.url));`,
      "src/executor/worker.ts": `import "./pool.ts";`,
    }),
    [],
  );
});

Deno.test("Deno.dlopen outside src/sys is found, however it is written", () => {
  for (
    const code of [
      `Deno.dlopen("libc.so.6", {});`,
      `Deno["dlopen"]("libc.so.6", {});`,
      `const { dlopen } = Deno;`,
      `globalThis.Deno.dlopen;`,
    ]
  ) {
    assertEquals(errorsOf({ "src/net/a.ts": code }), [
      "src/net/a.ts uses Deno.dlopen, which belongs under src/sys/",
    ]);
  }
});

Deno.test("dependencies are found, and mentions in comments are not", () => {
  const code = `
    // import "npm:a"; Deno.dlopen("b")
    /** import c from "jsr:@c/c" */
    const text = 'import "npm:d"', regexp = /import "npm:e"/;
    import "npm:f";
    import "jsr:@std/assert";
    import "https://example.com/g.ts";
    import "@std/assert";
    import "node:timers";
  `;
  assertEquals(errorsOf({ "src/net/a.ts": code }), [
    `src/net/a.ts depends on "npm:f"`,
    `src/net/a.ts depends on "jsr:@std/assert"`,
    `src/net/a.ts depends on "https://example.com/g.ts"`,
    `src/net/a.ts depends on "@std/assert"`,
  ]);
});

Deno.test("a file that is too long, or belongs nowhere, is found", () => {
  assertEquals(
    errorsOf({
      "src/net/just_fits.ts": "\n".repeat(MAX_LINES),
      "src/net/too_long.ts": "\n".repeat(MAX_LINES) + "export {};",
      "src/helpers.ts": "",
      "src/util/a.ts": `import "../net/gone.ts";`,
    }),
    [
      "src/net/too_long.ts has 401 lines, more than 400",
      "src/helpers.ts belongs to no layer",
      "src/util/a.ts belongs to no layer",
      "src/util/a.ts imports src/net/gone.ts, which is not there",
    ],
  );
});
