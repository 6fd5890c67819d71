/**
 * The examples in the docstrings of modules.
 *
 * `deno test --doc` runs them as tests, where `import.meta.main` is false. So what
 * stands behind that is only type-checked there. These examples are programs, and
 * are run as such as well. In a program
 *
 * - `console.log(…); // 42` says what it prints, with the words of pages that stand
 *   for numbers. If one `console.log` says so all have to, in the order in which
 *   they print;
 * - `// until Ctrl-C` behind a statement says that it goes on until then. Ctrl-C is
 *   pressed after its first line of output; it has to end with code 0 all the same.
 *
 * @module
 */
import { type Block, blocksOf, type Example } from "./pages.ts";

/** An example in a docstring. */
export interface DocExample extends Example {
  /** What `deno test --doc` calls it: `src/executor/run.ts#22-34.ts`. */
  readonly module: string;
  /** Whether it is marked `ts ignore`. */
  readonly isIgnored: boolean;
  /** Whether it asks for `import.meta.main`. */
  readonly isProgram: boolean;
}

/**
 * Finds the examples of a module.
 *
 * @param path The module's path from the project's folder.
 * @throws {Error} If there is a block that nobody would run.
 */
export function docExamplesOf(path: string, source: string): DocExample[] {
  const blocks = blocksOf(path, docstringsOf(source));
  const fences = source.match(/^.*```/gm) ?? [];
  if (fences.length !== 2 * blocks.length) {
    throw new Error(
      `Cannot read ${path}: it has ${fences.length} lines with \`\`\`, and ` +
        `${blocks.length} blocks in docstrings`,
    );
  }
  return blocks
    .filter((block) => isExample(path, block))
    .map((block) => exampleOf(path, block));
}

/**
 * A module's docstrings, line by line; lines that are in none are empty. What
 * begins and ends on one line has no block.
 */
function docstringsOf(source: string): string[] {
  let isInside = false;
  return source.split(/\r?\n/).map((line) => {
    const isFirst = !isInside && /^\s*\/\*\*/.test(line);
    isInside = (isInside || isFirst) && !line.includes("*/");
    return isInside && !isFirst ? line.replace(/^\s*\* ?/, "") : "";
  });
}

function isExample(path: string, { language, mark, start }: Block): boolean {
  if (language === "ts" && ["", "ignore"].includes(mark)) return true;
  if (language === "text" && mark === "") return false;
  throw new Error(
    `Cannot read ${path}:${start + 1}: "${language} ${mark}" is neither ` +
      '"ts", nor "ts ignore", nor "text"',
  );
}

function exampleOf(path: string, block: Block): DocExample {
  const { lines, mark, start, end } = block;
  const name = `${path}:${start + 1}`;
  const code = lines.join("\n") + "\n";
  const isIgnored = mark === "ignore";
  const output = printedBy(name, code);
  const goesOn = /\/\/ until Ctrl-C$/m.test(code);
  if (goesOn && output === null) {
    throw new Error(
      `Cannot run ${name}: it goes on until Ctrl-C, and does not say what it ` +
        "prints before",
    );
  }
  return {
    name,
    module: `${path}#${start + 1}-${end + 1}.ts`,
    code,
    output,
    run: isIgnored ? "not run" : goesOn ? "until Ctrl-C" : "to its end",
    isIgnored,
    isProgram: !isIgnored && code.includes("import.meta.main"),
  };
}

/** What a program says that it prints; `null` if it does not. */
function printedBy(name: string, code: string): string[] | null {
  const statements = /^\s*console\.log\([^]*?\);(?: \/\/ (.*))?$/gm;
  const said = [...code.matchAll(statements)].map(([, output]) => output);
  const output = said.filter((line) => line !== undefined);
  if (output.length === 0) return null;
  if (output.length === said.length) return output;
  throw new Error(
    `Cannot run ${name}: it says of ${output.length} calls of console.log ` +
      `what they print, and there are ${said.length}`,
  );
}
