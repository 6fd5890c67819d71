import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertThrows,
} from "@std/assert";
import { HAS_TCP } from "../tools/deno.ts";
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
    const end = example.run === "until stopped"
      ? await stopAfterOutput(program, example.output!)
      : await program.status(EXAMPLE_MS);
    await program.stdout.rest(EXAMPLE_MS);
    const errors = (await program.stderr.rest(EXAMPLE_MS)).join("\n");
    const text = program.stdout.all.map((line) => `${line}\n`).join("");
    if (example.run === "to its end") assertEquals(end.code, 0, errors);
    if (example.output !== null) {
      assertMatch(
        text,
        outputPattern(example.output),
        `It prints\n${text}and not, as the page says,\n` +
          example.output.join("\n") + `\nand to stderr\n${errors}`,
      );
    }
  });
}

/** Waits for the last line that the page shows, and stops the program. */
async function stopAfterOutput(
  program: Subprocess,
  output: readonly string[],
): Promise<Deno.CommandStatus> {
  const last = output.findLast((line) => line.trim() !== "");
  await program.stdout.match(matchLine(last ?? ""), EXAMPLE_MS);
  program.kill("SIGINT");
  return await program.status(EXAMPLE_MS);
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
  const example = (code: string, output: string[] | null): Example => ({
    name: "a.md:1",
    code,
    output,
    run: "to its end",
  });
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
});

Deno.test("a program that does not end by itself is stopped after its output", async () => {
  await runExample({
    name: "a.md:1",
    code: `console.log("listening on 80"); setInterval(() => {}, 1_000);`,
    output: ["listening on <port>"],
    run: "until stopped",
  });
});
