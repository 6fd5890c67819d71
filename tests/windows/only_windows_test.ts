import { assert, assertEquals, assertThrows } from "@std/assert";
import { ROOT } from "../helpers/subprocess.ts";
import { filesOf, readPoints } from "./only_windows.ts";

const PAGE = await Deno.readTextFile(new URL("docs/windows.md", ROOT));

/** The text of a file, or of all test files below a folder. */
function textOf(path: string): string {
  if (!path.endsWith("/")) return Deno.readTextFileSync(new URL(path, ROOT));
  return [...Deno.readDirSync(new URL(path, ROOT))]
    .filter(({ name }) => name.endsWith("_test.ts"))
    .map(({ name }) => textOf(path + name)).join("\n");
}

Deno.test("the page says where each thing is tested that only Windows can show", () => {
  const points = readPoints(PAGE);
  assert(points.length > 10);
  for (const { what, files, names, nowhere } of points) {
    assertEquals(files.length + names.length === 0, nowhere, what);
  }
});

Deno.test("the tests that the page names are in the files that are run", () => {
  const points = readPoints(PAGE);
  const text = filesOf(points, ROOT).map(textOf).join("\n");
  for (const name of points.flatMap(({ names }) => names)) {
    assert(text.includes(`"${name}"`), `there is no test "${name}"`);
  }
});

Deno.test("the workflow has a Windows that runs what the page names, and all the rest", async () => {
  const file = new URL(".github/workflows/ci.yml", ROOT);
  const steps = (await Deno.readTextFile(file)).replaceAll("\r\n", "\n");
  assert(/runner: windows-\d+\n/.test(steps));
  const run = (flags: string) =>
    "if: runner.os == 'Windows'\n" +
    `        run: deno run -A tools/windows_tests.ts${flags}\n`;
  assert(steps.includes(run(" --only-windows")));
  assert(steps.includes(run("")));
});

Deno.test("a table is read by rows, and its files are looked up", () => {
  const page = `
## What only real Windows can show

Words.

| what    | where                                            |
| ------- | ------------------------------------------------ |
| one     | \`tests/windows/wi*.ts\`, \`tests/net/\`: "a b"  |
| another | nowhere: who knows                               |

## More

| three | \`tests/x.ts\` |
`;
  const points = readPoints(page);
  assertEquals(points, [{
    what: "one",
    files: ["tests/windows/wi*.ts", "tests/net/"],
    names: ["a b"],
    nowhere: false,
  }, { what: "another", files: [], names: [], nowhere: true }]);
  assertEquals(filesOf(points, ROOT), ["tests/windows/wine.ts", "tests/net/"]);
  assertThrows(() => readPoints("# Another"), Error, "Cannot find");
});
