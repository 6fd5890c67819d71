/**
 * The programs in README.md and docs/, and what they print.
 *
 * Each block of `ts` is a whole program, and is run as one. A block of `text` or
 * `console` that follows it, with nothing but blank lines between, is what it
 * prints to standard output, where
 *
 * - `<ms>`, `<port>`, `<count>`, any such word, stands for a number;
 * - a line `...` stands for any number of lines.
 *
 * A comment right before the program can say how to run it, unseen by readers:
 *
 * - `<!-- example: until stopped -->`: it does not end by itself. When it has
 *   printed what the page says it is stopped with SIGINT.
 * - `<!-- example: not run, REASON -->`: it is only type-checked.
 * - `<!-- example: part of FILE -->`: it is no program, but lines of a file of the
 *   project; a line `// ...` stands for lines that are left out.
 *
 * A block of `sh` with a block of `text` behind it is a command and what it prints.
 *
 * @module
 */

/** One program of a page. */
export interface Example {
  /** The page and the line, such as `README.md:34`. */
  name: string;
  code: string;
  /** What it prints; `null` if the page does not say. */
  output: string[] | null;
  /** `until Ctrl-C`: that is pressed, and then it ends by itself, with code 0. */
  run: "to its end" | "until stopped" | "until Ctrl-C" | "not run";
}

/** Lines of a file that a page shows. */
export interface Excerpt {
  /** The page and the line, such as `README.md:34`. */
  name: string;
  /** The file's path from the project's folder. */
  file: string;
  /** What is shown, in pieces: something is left out between two of them. */
  pieces: string[];
}

/** Commands of a page, and what they print together. */
export interface Session {
  /** The page and the line, such as `README.md:34`. */
  name: string;
  commands: string[];
  output: string[];
}

/** A fenced block. */
export interface Block {
  language: string;
  /** What stands behind the language. */
  mark: string;
  lines: string[];
  /** The line of the opening fence, from 0. */
  start: number;
  /** The line after the closing fence. */
  end: number;
}

/**
 * Finds the programs of a page.
 *
 * @throws {Error} If the page asks for something that does not exist.
 */
export function examplesOf(page: string, markdown: string): Example[] {
  const lines = markdown.split(/\r?\n/);
  const blocks = blocksOf(page, lines);
  return blocks.flatMap((block, i) => {
    if (block.language !== "ts" && block.language !== "typescript") return [];
    const name = `${page}:${block.start + 1}`;
    const comment = lineBefore(block, lines);
    if (PART_OF.test(comment)) return [];
    const example: Example = {
      name,
      code: block.lines.join("\n") + "\n",
      output: outputOf(block, blocks[i + 1], lines),
      run: howToRun(name, comment),
    };
    if (example.run === "until stopped" && example.output === null) {
      throw new Error(
        `Cannot run ${name}: it goes on until it is stopped, and the page does ` +
          "not say what it prints before",
      );
    }
    return [example];
  });
}

const PART_OF = /^\s*<!--\s*example:\s*part of (\S+)\s*-->\s*$/;

/** The line before a block. `deno fmt` puts an empty one behind a comment. */
function lineBefore(block: Block, lines: readonly string[]): string {
  const before = lines.slice(0, block.start);
  return before.findLast((line) => line.trim() !== "") ?? "";
}

/** What a block prints, if the page says so: in the block right behind it. */
function outputOf(
  block: Block,
  next: Block | undefined,
  lines: readonly string[],
): string[] | null {
  const isOutput = next !== undefined &&
    ["text", "console"].includes(next.language) &&
    lines.slice(block.end, next.start).every((line) => line.trim() === "");
  return isOutput ? next.lines : null;
}

/** Finds what a page shows of the project's files. */
export function excerptsOf(page: string, markdown: string): Excerpt[] {
  const lines = markdown.split(/\r?\n/);
  return blocksOf(page, lines).flatMap((block) => {
    const file = PART_OF.exec(lineBefore(block, lines))?.[1];
    if (file === undefined) return [];
    const pieces = block.lines.join("\n").split(/^\s*\/\/ \.\.\.\n/m);
    return [{ name: `${page}:${block.start + 1}`, file, pieces }];
  });
}

/** Finds the commands of a page of which it says what they print. */
export function sessionsOf(page: string, markdown: string): Session[] {
  const lines = markdown.split(/\r?\n/);
  const blocks = blocksOf(page, lines);
  return blocks.flatMap((block, i) => {
    if (block.language !== "sh") return [];
    const output = outputOf(block, blocks[i + 1], lines);
    if (output === null) return [];
    const name = `${page}:${block.start + 1}`;
    return [{ name, commands: block.lines, output }];
  });
}

function howToRun(name: string, comment: string): Example["run"] {
  const wish = /^\s*<!--\s*example:\s*(.*?)\s*-->\s*$/.exec(comment)?.[1];
  if (wish === undefined) return "to its end";
  if (wish === "until stopped") return "until stopped";
  if (/^not run, .+/.test(wish)) return "not run";
  throw new Error(
    `Cannot run ${name}: "${wish}" is neither "until stopped" nor "not run, REASON"`,
  );
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string, lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    const open = /^(\s*)(```+)\s*(\S*)\s*(.*)/.exec(lines[i]!);
    if (open === null) continue;
    const [, indent, fence, language, mark] = open;
    const end = lines.findIndex((line, j) => j > i && line.trim() === fence);
    if (end < 0) {
      throw new Error(
        `Cannot read ${page}: the block in line ${i + 1} is open`,
      );
    }
    blocks.push({
      language: language!,
      mark: mark!.trim(),
      lines: lines.slice(i + 1, end).map((line) =>
        line.startsWith(indent!) ? line.slice(indent!.length) : line
      ),
      start: i,
      end: end + 1,
    });
    i = end;
  }
  return blocks;
}

/** What a program must have printed, as a pattern for all of it. */
export function outputPattern(output: readonly string[]): RegExp {
  const lines = output.map((line) => {
    if (line.trim() === "...") return "(?:.*\\n)*?";
    const parts = line.trimEnd().split(/<[a-z][a-z_ ]*>/);
    return parts.map(RegExp.escape).join("-?\\d+(?:[.,]\\d+)*") + "[ \\t]*\\n";
  });
  return new RegExp(`^${lines.join("")}$`);
}

/** The pages of a project, by path: README.md and what is in docs/. */
export function readPages(root: URL): Map<string, string> {
  const paths = ["README.md"];
  const folders = ["docs/"];
  for (const folder of folders) {
    for (const entry of entriesIfThere(new URL(folder, root))) {
      if (entry.isDirectory) folders.push(`${folder}${entry.name}/`);
      else if (entry.name.endsWith(".md")) paths.push(folder + entry.name);
    }
  }
  const pages = new Map<string, string>();
  for (const path of paths.sort()) {
    const text = textIfThere(new URL(path, root));
    if (text !== undefined) pages.set(path, text);
  }
  return pages;
}

function entriesIfThere(folder: URL): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function textIfThere(file: URL): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
