import { assertEquals, assertRejects } from "@std/assert";
import { commandErrors } from "../tools/check.ts";
import { stdSource } from "../tools/std_source.ts";
import { flagsOf, testArguments } from "../tools/test.ts";
import { importFlags } from "./helpers/subprocess.ts";

const ALL = ["tests", "src", "mod.ts"];
const exists = (path: string) => [...ALL, "tests/a_test.ts"].includes(path);

/** Runs a function with other variables in the environment. */
async function withEnv<T>(
  variables: Record<string, string>,
  fn: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(variables).map((name) =>
    [name, Deno.env.get(name)] as const
  );
  for (const [name, value] of Object.entries(variables)) {
    Deno.env.set(name, value);
  }
  try {
    return await fn();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

/** Where `@std` comes from if the registry answers like this. */
async function sourceWith(answer: (path: string) => Response) {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => answer(new URL(request.url).pathname),
  );
  const JSR_URL = `http://127.0.0.1:${server.addr.port}/`;
  return await withEnv({ JSR_URL, EDO_STD: "" }, stdSource);
}

Deno.test("without arguments all tests and modules are tested", () => {
  assertEquals(testArguments([], exists), ALL);
  assertEquals(testArguments([], (path) => path === "tests"), ["tests"]);
});

Deno.test("paths, words, pages and flags are told apart", () => {
  const word = `/${RegExp.escape("wheel")}/`;
  assertEquals(testArguments(["tests/a_test.ts"], exists), ["tests/a_test.ts"]);
  assertEquals(testArguments(["wheel"], exists), ["--filter", word, ...ALL]);
  assertEquals(testArguments(["--filter", "wheel", "tests"], exists), [
    "--filter",
    "wheel",
    "tests",
  ]);
  assertEquals(testArguments(["--fail-fast", "--", "-x"], exists), [
    "--fail-fast",
    ...ALL,
    "--",
    "-x",
  ]);
  assertEquals(testArguments(["README.md"], exists), [
    "--filter",
    `/${RegExp.escape("README.md")}/`,
    "tests/docs_test.ts",
  ]);
});

Deno.test("on Windows the tests are left out that its list names, and nowhere else", async () => {
  const [flag] = flagsOf("windows");
  const [, preload] = flag!.split("=");
  await Deno.stat(new URL(`../${preload}`, import.meta.url));
  for (const system of ["linux", "darwin"]) assertEquals(flagsOf(system), []);
});

Deno.test("@std comes from JSR where JSR serves it", async () => {
  const asked: string[] = [];
  const source = await sourceWith((path) => {
    asked.push(path);
    return Response.json({ versions: { "1.0.0": {} } });
  });
  assertEquals([source.name, source.flags], ["JSR", []]);
  assertEquals(asked.sort(), [
    "/@std/assert/meta.json",
    "/@std/async/meta.json",
    "/@std/testing/meta.json",
  ]);
});

Deno.test("@std comes from npm where JSR lacks it, or another answers for it", async () => {
  const answers = [
    () => new Response("not here", { status: 404 }),
    () => new Response("<h1>This site is blocked</h1>"),
    () => Response.json({}),
    (path: string) =>
      path.includes("testing")
        ? new Response(null, { status: 503 })
        : Response.json({ versions: {} }),
  ];
  for (const answer of answers) {
    assertEquals((await sourceWith(answer)).name, "npm");
  }
});

Deno.test("@std comes from npm where nobody answers, and from where one says", async () => {
  const JSR_URL = "http://127.0.0.1:1";
  const name = (EDO_STD: string) =>
    withEnv({ JSR_URL, EDO_STD }, async () => (await stdSource()).name);
  assertEquals(await name(""), "npm");
  assertEquals(await name("npm"), "npm");
  assertEquals(await name("jsr"), "JSR");
  await assertRejects(() => name("yarn"), TypeError, `EDO_STD is "yarn"`);
});

Deno.test("commands of a page that name what is not there are found", () => {
  const page = `
\`\`\`sh
npx -y deno@2.9.6 task echo-server   # deno task of-no-concern
deno task tset
deno run --allow-ffi examples/here.ts # as it is
deno run -A \\
  examples/gone.ts
deno add jsr:@edo/runtime
.ci/run && .ci/walk
\`\`\`

\`deno task elsewhere\` is not a command to type.
`;
  const there = ["examples/here.ts", ".ci/run"];
  const errors = commandErrors(
    "a.md",
    page,
    ["echo-server"],
    (path) => there.includes(path),
  );
  assertEquals(errors, [
    'a.md: "deno task tset" runs the task tset: there is none',
    'a.md: "deno run -A    examples/gone.ts" names examples/gone.ts, which is not there',
    'a.md: ".ci/run && .ci/walk" names .ci/walk, which is not there',
  ]);
});

Deno.test({
  name: "the types written for npm's @std name what it really exports",
  // It takes npm, which where JSR is used nothing else needs.
  ignore: !importFlags().includes("--import-map"),
  async fn() {
    for (const name of ["assert", "async/deadline", "async/delay"]) {
      const folder = new URL("../tools/std_from_npm/", import.meta.url);
      const types = await Deno.readTextFile(new URL(`${name}.d.ts`, folder));
      const declared = [...types.matchAll(/^export declare \w+ (\w+)/gm)]
        .map((match) => match[1]!);
      const module = await import(new URL(`${name}.ts`, folder).href);
      assertEquals(new Set(declared), new Set(Object.keys(module)));
    }
  },
});
