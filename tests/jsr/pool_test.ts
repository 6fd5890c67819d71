import { assert, assertEquals } from "@std/assert";
import * as edo from "../../mod.ts";
import { Elsewhere, jsrTest } from "./support.ts";

/** Left out as long as there is no pool. */
const ignore = !("Runtime" in edo);

/** Prints what the tasks gave, and where they ran. */
const ON_WORKERS = `
import { join, Runtime, spawn, task, time } from "jsr:@edo/runtime";

/** Each thread evaluates the module once. */
const place = import.meta.main ? "main" : self.constructor.name;

export const square = task(import.meta, function* square(n: number) {
  yield* time.sleep(1);
  return { n: n * n, place };
});

export const shout = task(import.meta, async function shout(word: string) {
  await Promise.resolve();
  return { word: word.toUpperCase(), place };
});

if (import.meta.main) {
  using runtime = new Runtime({ workers: 2 });
  const results = runtime.block_on(function* () {
    return yield* join(spawn(square, 3), spawn(square, 4), spawn(shout, "hi"));
  });
  console.log(JSON.stringify(results));
}
`;

const RESULTS = ["DedicatedWorkerGlobalScope"].map((place) =>
  JSON.stringify([
    { n: 9, place },
    { n: 16, place },
    { word: "HI", place },
  ])
);

jsrTest(
  "tasks of a file run on workers that are loaded from a registry",
  async () => {
    await using elsewhere = await Elsewhere.make();
    const { registry } = elsewhere;
    const program = await elsewhere.addFile("main.ts", ON_WORKERS);
    assertEquals(await elsewhere.run(program, ["--check"]), RESULTS);
    assert(
      registry.requests.every((path) => path.startsWith("/@edo/runtime/")),
      registry.requests.join("\n"),
    );
  },
  { ignore },
);

jsrTest(
  "tasks of a program that is loaded over http run on such workers",
  async () => {
    await using elsewhere = await Elsewhere.make();
    const program = elsewhere.addPage("main.ts", ON_WORKERS);
    assertEquals(await elsewhere.run(program), RESULTS);
  },
  { ignore },
);

jsrTest(
  "tasks of a module that the program imports over http run on such workers",
  async () => {
    await using elsewhere = await Elsewhere.make();
    const tasks = elsewhere.addPage(
      "tasks.ts",
      `import { task } from "jsr:@edo/runtime";
     export const one = task(import.meta, function one() { return 1; });`,
    );
    const program = await elsewhere.addFile(
      "main.ts",
      `import { run, spawn } from "jsr:@edo/runtime";
     import { one } from ${JSON.stringify(tasks)};
     if (import.meta.main) {
       console.log(await run(function* () { return yield* spawn(one); }));
     }`,
    );
    const flags = ["--allow-import"];
    assertEquals(await elsewhere.run(program, flags), ["1"]);
  },
  { ignore },
);

jsrTest(
  "a program that lacks the guard gets it shown, once, and ends",
  async () => {
    await using elsewhere = await Elsewhere.make();
    const file = await elsewhere.addFile(
      "main.ts",
      `import { block_on, spawn, task } from "jsr:@edo/runtime";
     export const one = task(import.meta, function one() { return 1; });
     console.log(block_on(function* () { return yield* spawn(one); }));`,
    );
    await using program = elsewhere.start(file);
    const [lines, errors, { code }] = await Promise.all([
      program.stdout.rest(),
      program.stderr.rest(),
      program.status(),
    ]);
    const shown = errors.filter((line) => line.includes("import.meta.main"));
    assert(shown.length > 0, errors.join("\n"));
    assert(
      shown[0]!.includes("Cannot block_on while a worker imports"),
      shown[0],
    );
    assertEquals([lines, code], [[], 1]);
  },
  { ignore },
);
