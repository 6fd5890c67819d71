/**
 * Holds the sources to the layers that docs/architecture.md describes.
 *
 * The rules, each with what it is for:
 *
 * - Imports lead downwards only. Type-only ones count as well: who reads a layer
 *   must not need to know what stands on it. So does the address of a worker's
 *   module, `new URL("./worker.ts", import.meta.url)`.
 * - No two files import each other, by whatever way round. Type-only imports count
 *   here too, since a reader has no first file in a circle; a worker's address does
 *   not, because the worker is another program that has this one as its library.
 * - `Deno.dlopen` stands under src/sys/ only: an audit of what the project asks of
 *   the system reads one folder.
 * - The runtime depends on nothing but Deno and its `node:` modules.
 * - No file is longer than 400 lines.
 *
 * @module
 */

/** The longest a file may be, in lines. */
export const MAX_LINES = 400;

/** Which layers each one may import. What is not listed is above or beside it. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  sys: [],
  future: ["sys"],
  time: ["future", "sys"],
  reactor: ["future", "sys"],
  net: ["reactor", "time", "future", "sys"],
  task: ["reactor", "time", "future", "sys"],
  executor: ["task", "net", "reactor", "time", "future", "sys"],
  mod: ["executor", "task", "net", "reactor", "time", "future", "sys"],
};

/** One mention of another module. */
interface Edge {
  specifier: string;
  /** Whether it is the address of another program's module, a worker's. */
  isAddress: boolean;
}

/** What the parser found in one file. */
interface Facts {
  edges: Edge[];
  opensLibraries: boolean;
}

/**
 * Checks a project.
 *
 * @param files The sources by their path from the project's folder, such as
 * `src/net/mod.ts`: `mod.ts` and all that is under `src/`.
 * @returns What breaks a rule, a sentence each that begins with the path.
 */
export function layeringErrors(files: ReadonlyMap<string, string>): string[] {
  const errors: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of files) {
    const { edges, opensLibraries } = factsOf(path, source);
    if (layerOf(path) === undefined) {
      errors.push(`${path} belongs to no layer`);
    }
    if (opensLibraries && !path.startsWith("src/sys/")) {
      errors.push(`${path} uses Deno.dlopen, which belongs under src/sys/`);
    }
    const lines = source.split("\n").length - (source.endsWith("\n") ? 1 : 0);
    if (lines > MAX_LINES) {
      errors.push(`${path} has ${lines} lines, more than ${MAX_LINES}`);
    }
    graph.set(path, []);
    for (const { specifier, isAddress } of edges) {
      if (specifier.startsWith("node:")) continue;
      if (!/^\.\.?\//.test(specifier)) {
        if (!isAddress) errors.push(`${path} depends on "${specifier}"`);
        continue;
      }
      const target = resolve(path, specifier);
      if (!isAddress) graph.get(path)!.push(target);
      const error = edgeError(path, target, files);
      if (error !== undefined) errors.push(error);
    }
  }
  return [...errors, ...circles(graph)];
}

function edgeError(
  path: string,
  target: string,
  files: ReadonlyMap<string, string>,
): string | undefined {
  if (!files.has(target)) {
    return `${path} imports ${target}, which is not there`;
  }
  const from = layerOf(path);
  const to = layerOf(target);
  // A file without a layer has its own line already.
  if (from === undefined || to === undefined || from === to) return undefined;
  if (LAYERS[from]!.includes(to)) return undefined;
  return `${path} imports ${target}: ${from} is not above ${to}`;
}

/** The layer of a file, `undefined` for one that has none. */
function layerOf(path: string): string | undefined {
  if (path === "mod.ts") return "mod";
  const layer = /^src\/([^/]+)\/./.exec(path)?.[1];
  return layer !== undefined && layer !== "mod" && layer in LAYERS
    ? layer
    : undefined;
}

function resolve(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

/** Each circle of imports once, from the file of it that comes first. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string) => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const circle = [...trail.slice(start), path].join(" -> ");
      found.push(`${path} imports itself: ${circle}`);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of [...graph.keys()].sort()) visit(path);
  return found;
}

/** What a file mentions, by Deno's own parser: comments and strings do not count. */
function factsOf(path: string, source: string): Facts {
  const facts: Facts = { edges: [], opensLibraries: false };
  const add = (node: Deno.lint.Node | null | undefined, isAddress = false) => {
    const specifier = node?.type === "Literal" ? node.value : undefined;
    if (typeof specifier === "string") {
      facts.edges.push({ specifier, isAddress });
    }
  };
  const isDlopen = (name: unknown) => {
    if (name === "dlopen") facts.opensLibraries = true;
  };
  const visitor: Deno.lint.LintVisitor = {
    ImportDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: ({ argument }) =>
      add(argument.type === "TSLiteralType" ? argument.literal : null),
    NewExpression: (node) => {
      const [address, base] = node.arguments;
      const isUrl = node.callee.type === "Identifier" &&
        node.callee.name === "URL";
      if (isUrl && base?.type === "MemberExpression") add(address, true);
    },
    // `Deno.dlopen`, `Deno["dlopen"]` and `const { dlopen } = Deno`.
    Identifier: (node) => isDlopen(node.name),
    Literal: (node) => isDlopen(node.value),
  };
  const rules = { facts: { create: () => visitor } };
  Deno.lint.runPlugin({ name: "layers", rules }, `/${path}`, source);
  return facts;
}

/** The sources of a project: mod.ts and all under src/, by path. */
export function readSources(root: URL): Map<string, string> {
  const files = new Map<string, string>();
  const read = (path: string) =>
    files.set(path, Deno.readTextFileSync(new URL(path, root)));
  const walk = (folder: string) => {
    for (const entry of Deno.readDirSync(new URL(folder, root))) {
      if (entry.isDirectory) walk(`${folder}${entry.name}/`);
      else if (/\.[cm]?[jt]sx?$/.test(entry.name)) read(folder + entry.name);
    }
  };
  read("mod.ts");
  walk("src/");
  return files;
}
