import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertThrows,
} from "@std/assert";
import { HAS_TCP } from "../tools/deno.ts";
import { docExamplesOf } from "./helpers/docstrings.ts";
import { readSources } from "./helpers/layers.ts";
import {
  type Example,
  examplesOf,
  outputPattern,
  readPages,
} from "./helpers/pages.ts";
import {
  importFlags,
  README_FLAGS,
  ROOT,
  startDeno,
  type Subprocess,
} from "./helpers/subprocess.ts";

const EXAMPLE_MS = 30_000;
const CHECK_MS = 120_000;

/** Writes programs to files of their own, in a folder that is then removed. */
async function withFiles(
  examples: readonly Example[],
  use: (files: string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "edo_docs_" });
  try {
    const files: string[] = [];
    for (const { name, code } of examples) {
      const file = `${folder}/${name.replace(/[^\w.]/g, "_")}.ts`;
      await Deno.writeTextFile(file, code);
      files.push(file);
    }
    await use(files);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function typeCheck(examples: readonly Example[]): Promise<void> {
  await withFiles(examples, async (files) => {
    const args = ["check", ...importFlags(), ...files];
    await using check = startDeno(args);
    const [, errors] = await Promise.all([
      check.stdout.rest(CHECK_MS),
      check.stderr.rest(CHECK_MS),
    ]);
    const { success } = await check.status(CHECK_MS);
    assert(success, errors.join("\n"));
  });
}

async function runExample(example: Example): Promise<void> {
  await withFiles([example], async ([file]) => {
    const flags = ["--no-check", ...importFlags(), ...README_FLAGS];
    await using program = startDeno(["run", ...flags, file!]);
    if (example.run === "until stopped") {
      await stopAfter(program, lastLine(example.output!));
    } else if (example.run === "until Ctrl-C") {
      await stopAfter(program, example.output![0]!);
    }
    const end = await program.status(EXAMPLE_MS);
    await program.stdout.rest(EXAMPLE_MS);
    const errors = (await program.stderr.rest(EXAMPLE_MS)).join("\n");
    const text = program.stdout.all.map((line) => `${line}\n`).join("");
    if (example.run !== "until stopped") assertEquals(end.code, 0, errors);
    if (example.output !== null) {
      assertMatch(
        text,
        outputPattern(example.output),
        `It prints\n${text}and not, as it is said there,\n` +
          example.output.join("\n") + `\nand to stderr\n${errors}`,
      );
    }
  });
}

/** Waits for a line of output, and stops the program. */
async function stopAfter(program: Subprocess, line: string): Promise<void> {
  await program.stdout.match(matchLine(line), EXAMPLE_MS);
  program.kill("SIGINT");
}

function lastLine(output: readonly string[]): string {
  return output.findLast((line) => line.trim() !== "") ?? "";
}

function matchLine(line: string): RegExp {
  const { source } = outputPattern([line]);
  return new RegExp(source.replace(/\\n\$$/, "$"));
}

for (const [page, markdown] of readPages(ROOT)) {
  const examples = examplesOf(page, markdown);
  if (examples.length === 0) continue;
  Deno.test(`${page}: its programs have no type errors`, () => {
    return typeCheck(examples);
  });
  for (const example of examples) {
    if (example.run === "not run") continue;
    const what = example.output === null ? "runs" : "prints what the page says";
    Deno.test({
      name: `${example.name}: the program ${what}`,
      ignore: !HAS_TCP,
      fn: () => runExample(example),
    });
  }
}

const docExamples = [...readSources(ROOT)].flatMap(([path, source]) =>
  docExamplesOf(path, source)
);

Deno.test("each example in a docstring is one that `deno test --doc` runs", async () => {
  // Deno tells what it has not checked before; what is always new is this.
  const news = { ...docExamples[0]!, name: "news", code: `${Date.now()};` };
  await withFiles([news], async ([file]) => {
    const flags = ["--doc", "--no-run", ...importFlags()];
    await using check = startDeno(["test", ...flags, "mod.ts", "src", file!]);
    const { success } = await check.status(CHECK_MS);
    const lines = await check.stderr.rest(CHECK_MS);
    assert(success, lines.join("\n"));
    const found = lines
      .map((line) => /^Check (.*#.*)$/.exec(line)?.[1]?.replaceAll("\\", "/"))
      .filter((module) => module !== undefined);
    const expected = docExamples.filter(({ isIgnored }) => !isIgnored);
    assertEquals(found.sort(), expected.map(({ module }) => module).sort());
  });
});

Deno.test("no example in a docstring is left out but those with a reason", () => {
  const ignored = docExamples.filter(({ isIgnored }) => isIgnored);
  assertEquals(
    ignored.map(({ name }) => name.replace(/:\d+$/, "")),
    ["src/sys/error.ts"], // its function is not exported
  );
});

for (const example of docExamples.filter(({ isProgram }) => isProgram)) {
  Deno.test({
    name: `${example.name}: the example runs as a program`,
    ignore: !HAS_TCP,
    fn: () => runExample(example),
  });
}

const SAMPLE = `
# A page

\`\`\`ts
console.log("one");
\`\`\`

\`\`\`text
one
\`\`\`

Text between.

\`\`\`ts
console.log("two");
\`\`\`

This is not its output:

\`\`\`text
three
\`\`\`

\`\`\`sh
deno task test
\`\`\`

1. In a list:

   <!-- example: until stopped -->
   \`\`\`ts
   if (true) {
     console.log("four");
   }
   \`\`\`
   \`\`\`console
   four
   \`\`\`

<!-- example: not run, it needs a printer -->
\`\`\`ts
print();
\`\`\`
`;

Deno.test("the programs of a page are found, with what they print", () => {
  assertEquals(examplesOf("a.md", SAMPLE), [
    {
      name: "a.md:4",
      code: 'console.log("one");\n',
      output: ["one"],
      run: "to its end",
    },
    {
      name: "a.md:14",
      code: 'console.log("two");\n',
      output: null,
      run: "to its end",
    },
    {
      name: "a.md:31",
      code: 'if (true) {\n  console.log("four");\n}\n',
      output: ["four"],
      run: "until stopped",
    },
    { name: "a.md:41", code: "print();\n", output: null, run: "not run" },
  ]);
});

Deno.test("a page that asks for something unknown is an error", () => {
  const page = (before: string) => `${before}\n\`\`\`ts\n1;\n\`\`\`\n`;
  const read = (before: string) => () => examplesOf("a.md", page(before));
  assertThrows(read("<!-- example: maybe -->"), Error, "a.md:2");
  assertThrows(read("<!-- example: not run -->"), Error, "not run, REASON");
  assertThrows(read("<!-- example: until stopped -->"), Error, "does not say");
  assertThrows(
    () => examplesOf("a.md", "```ts\n1;\n"),
    Error,
    "line 1 is open",
  );
});

Deno.test("printed output is compared, with placeholders for numbers", () => {
  const pattern = outputPattern(["took <ms> ms on (any) port <port>", "..."]);
  assertMatch("took 1,234.5 ms on (any) port 80\n", pattern);
  assertMatch("took 0 ms on (any) port 80  \nmore\nand more\n", pattern);
  assertNotMatch("took long ms on (any) port 80\n", pattern);
  assertNotMatch("took 0 ms on any port 80\n", pattern);
  assertNotMatch("before\ntook 0 ms on (any) port 80\n", pattern);
  const exact = outputPattern(["one", "two"]);
  assertMatch("one\ntwo\n", exact);
  assertNotMatch("one\ntwo\nthree\n", exact);
  assertNotMatch("one\n", exact);
});

Deno.test("a program that fails, or prints something else, fails its test", async () => {
  const example = (
    code: string,
    output: string[] | null,
    run: Example["run"] = "to its end",
  ): Example => ({ name: "a.md:1", code, output, run });
  const fails = async (example: Example): Promise<boolean> => {
    try {
      await runExample(example);
      return false;
    } catch {
      return true;
    }
  };
  assertEquals(await fails(example("console.log(1);", ["1"])), false);
  assertEquals(await fails(example("console.log(1);", ["2"])), true);
  assertEquals(await fails(example("throw new Error();", null)), true);
  assertEquals(await fails(example("Deno.env.get('HOME');", null)), true);
  const stopped = `console.log(1); setInterval(() => {}, 1_000);`;
  assertEquals(await fails(example(stopped, ["1"], "until Ctrl-C")), true);
});

Deno.test("a program that does not end by itself is stopped after its output", async () => {
  await runExample({
    name: "a.md:1",
    code: `console.log("listening on 80"); setInterval(() => {}, 1_000);`,
    output: ["listening on <port>"],
    run: "until stopped",
  });
});

const MODULE = `/**
 * Is one.
 *
 * @example
 * \`\`\`ts
 * if (import.meta.main) {
 *   console.log(
 *     "one",
 *   ); // one
 *   // until Ctrl-C
 * }
 * \`\`\`
 */
export const one = 1;
/** Has none. */
export class Two {
  /**
   * \`\`\`ts ignore
   * console.log(2);
   * \`\`\`
   * \`\`\`text
   * no program
   * \`\`\`
   */
  two() {}
}
`;

Deno.test("the examples of docstrings are found, with what they print", () => {
  assertEquals(docExamplesOf("src/a.ts", MODULE), [
    {
      name: "src/a.ts:5",
      module: "src/a.ts#5-13.ts",
      code:
        'if (import.meta.main) {\n  console.log(\n    "one",\n  ); // one\n' +
        "  // until Ctrl-C\n}\n",
      output: ["one"],
      run: "until Ctrl-C",
      isIgnored: false,
      isProgram: true,
    },
    {
      name: "src/a.ts:18",
      module: "src/a.ts#18-21.ts",
      code: "console.log(2);\n",
      output: null,
      run: "not run",
      isIgnored: true,
      isProgram: false,
    },
  ]);
});

Deno.test("a docstring's block that nobody would run is an error", () => {
  const read = (before: string, fence: string, code: string) => () =>
    docExamplesOf("a.ts", `${before}\n * ${fence}\n${code}\n * \`\`\`\n */\n`);
  assertThrows(read("/**", "```tsc", " * 1;"), Error, 'a.ts:2: "tsc "');
  assertThrows(read("/**", "```ts no-run", " * 1;"), Error, "no-run");
  assertThrows(read("/*", "```ts", " * 1;"), Error, "0 blocks in docstrings");
  const logs = " * console.log(1); // 1\n * console.log(2);";
  assertThrows(read("/**", "```ts", logs), Error, "there are 2");
  const endless = " * wait(); // until Ctrl-C";
  assertThrows(read("/**", "```ts", endless), Error, "does not say");
});
