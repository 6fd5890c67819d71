/**
 * What only Windows itself can show, and Wine cannot: the table of docs/windows.md,
 * read as a list. `tools/windows_tests.ts --only-windows` runs exactly that.
 *
 * @module
 */

/** One row of the table. */
export interface Point {
  /** What is to be shown. */
  readonly what: string;
  /** Where it is tested: files, folders with a slash at the end, and `*`. */
  readonly files: readonly string[];
  /** The tests that are meant in particular. */
  readonly names: readonly string[];
  /** Whether the page says that it is tested nowhere. */
  readonly nowhere: boolean;
}

const HEADING = "## What only real Windows can show\n";

/** Reads the table. The page has the text of docs/windows.md. */
export function readPoints(page: string): Point[] {
  const lines = page.replaceAll("\r\n", "\n");
  const [, rest] = lines.split(HEADING);
  if (rest === undefined) throw new Error(`Cannot find "${HEADING.trim()}"`);
  const rows = rest.split("\n## ")[0]!.split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  // The first row has the names of the columns; "| ---" is a line below it.
  return rows.filter(([, what]) => !what!.startsWith("---")).slice(1)
    .map(([, what, where]) => ({
      what: what!,
      files: matches(where!, /`(tests\/[^`]+)`/g),
      names: matches(where!, /"([^"]+)"/g),
      nowhere: where!.startsWith("nowhere"),
    }));
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, part]) => part!);
}

/** The files and folders that the points name, each once, as they are on the disk. */
export function filesOf(points: readonly Point[], root: URL): string[] {
  const named = points.flatMap(({ files }) => files);
  return [...new Set(named.flatMap((file) => expand(file, root)))];
}

/** A path, or all of its folder that fit. A `*` is for names without a slash. */
function expand(path: string, root: URL): string[] {
  if (!path.includes("*")) return [path];
  const cut = path.lastIndexOf("/") + 1;
  const parts = path.slice(cut).split("*").map(RegExp.escape);
  const pattern = new RegExp(`^${parts.join(".*")}$`);
  const folder = path.slice(0, cut);
  return [...Deno.readDirSync(new URL(folder, root))]
    .filter(({ name }) => pattern.test(name))
    .map(({ name }) => folder + name).sort();
}
