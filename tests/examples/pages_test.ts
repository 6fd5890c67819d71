import { assert, assertEquals } from "@std/assert";
import {
  type Excerpt,
  excerptsOf,
  outputPattern,
  readPages,
  type Session,
  sessionsOf,
} from "../helpers/pages.ts";
import { ROOT } from "../helpers/subprocess.ts";
import { DelayServer, exampleTest, outcomeOf } from "./support.ts";

/** `deno fmt` indents what a page shows as if it stood by itself. */
function withoutLayout(code: string): string {
  return code.trim().replace(/\s+/g, " ");
}

/** Checks that what a page shows of a file stands there, in that order. */
async function assertShown({ name, file, pieces }: Excerpt): Promise<void> {
  const text = withoutLayout(await Deno.readTextFile(new URL(file, ROOT)));
  let from = 0;
  for (const piece of pieces.map(withoutLayout)) {
    const at = text.indexOf(piece, from);
    assert(at >= 0, `${name} shows what is not in ${file}:\n${piece}`);
    from = at + piece.length;
  }
}

/** `deno run -A examples/FILE ARGUMENTS`, which is how the pages run things. */
const COMMAND = /^deno run -A examples\/(\S+\.ts)((?: \S+)*)$/;

/** What differs from run to run: times, and how often one polls meanwhile. */
const MEASURED = /\d+(?=(?: ms)|(?: polls))|\d+\.\d(?= for each)/g;

/** In which order replies that race come in, no page can tell. */
function inOrder(lines: readonly string[]): string[] {
  let section = 0;
  return lines.map((line) => {
    if (!line.startsWith("reply ")) section++;
    return { key: `${String(section).padStart(4)} ${line}`, line };
  }).sort((a, b) => a.key < b.key ? -1 : 1).map(({ line }) => line);
}

/** Runs the commands of a page against a server of the test's own. */
async function assertPrints({ commands, output }: Session): Promise<void> {
  await using server = await DelayServer.start();
  const printed: string[] = [];
  for (const command of commands) {
    const parts = COMMAND.exec(command);
    assert(parts !== null, `Cannot run "${command}"`);
    const [, file, args] = parts;
    if (file === "delay_server.ts") {
      printed.push(server.process.stdout.all[0]!.replace(/\d+$/, "7878"));
      continue;
    }
    const port = `--port=${server.port}`;
    const { stdout, stderr } = await outcomeOf(
      file!,
      ...args!.trim().split(" "),
      port,
    );
    printed.push(...stdout, ...stderr);
  }
  const expected = inOrder(output).map((line) => line.replace(MEASURED, "<n>"));
  const text = inOrder(printed).map((line) => `${line}\n`).join("");
  assert(
    outputPattern(expected).test(text),
    `It prints\n${text}and not, as the page says,\n${expected.join("\n")}`,
  );
}

for (const [page, markdown] of readPages(ROOT)) {
  const excerpts = excerptsOf(page, markdown);
  if (excerpts.length > 0) {
    Deno.test(`${page}: what it shows of files stands in them`, async () => {
      for (const excerpt of excerpts) await assertShown(excerpt);
    });
  }
  for (const session of sessionsOf(page, markdown)) {
    const commands = session.commands.join("; ");
    exampleTest(
      `${session.name}: ${commands} prints what the page says`,
      () => {
        return assertPrints(session);
      },
    );
  }
}

const SAMPLE = `
<!-- example: part of examples/a.ts -->

\`\`\`ts
function one() {
}
// ...
function two() {
}
\`\`\`

\`\`\`sh
deno run -A examples/a.ts --requests 2
\`\`\`

\`\`\`text
reply 1 after 3 ms
\`\`\`

\`\`\`sh
deno task test
\`\`\`
`;

Deno.test("what a page shows of files is found, in pieces", () => {
  assertEquals(excerptsOf("a.md", SAMPLE), [{
    name: "a.md:4",
    file: "examples/a.ts",
    pieces: ["function one() {\n}\n", "function two() {\n}"],
  }]);
});

Deno.test("the commands of a page are found that have their output behind them", () => {
  assertEquals(sessionsOf("a.md", SAMPLE), [{
    name: "a.md:12",
    commands: ["deno run -A examples/a.ts --requests 2"],
    output: ["reply 1 after 3 ms"],
  }]);
});

Deno.test("replies are compared in order within their section", () => {
  const lines = ["a:", "reply 2", "reply 1", "b:", "reply 1", "end"];
  assertEquals(inOrder(lines), [
    "a:",
    "reply 1",
    "reply 2",
    "b:",
    "reply 1",
    "end",
  ]);
});
