/**
 * A registry on this machine, in which the project is published as JSR would have
 * it. Deno asks it for `jsr:` specifiers when `JSR_URL` names it.
 *
 * @module
 */
import { ROOT } from "./subprocess.ts";

/** What of deno.json decides what is published. */
interface Config {
  name: string;
  version: string;
  exports: Record<string, string>;
  publish: { include: string[]; exclude?: string[] };
}

/** What the files are served as, by what their names end in. */
const TYPES: Record<string, string> = {
  json: "application/json",
  md: "text/markdown",
  ts: "application/typescript",
};

/**
 * The registry, up to the end of `await using`.
 *
 * @example
 * ```ts ignore
 * await using registry = await LocalJsr.start();
 * await using program = startDeno(["run", "--no-lock", file], {
 *   env: { JSR_URL: registry.url, DENO_DIR: folder },
 * });
 * ```
 */
export class LocalJsr implements AsyncDisposable {
  /** What was asked for, in the order of asking: paths. */
  readonly requests: string[] = [];
  readonly #files: ReadonlyMap<string, string>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** Where the package's files begin: `/@edo/runtime/0.1.0/`. */
  readonly root: string;

  private constructor(files: ReadonlyMap<string, string>, root: string) {
    this.#files = files;
    this.root = root;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
  }

  /** Publishes the project as it is on the disk now. */
  static async start(): Promise<LocalJsr> {
    const config: Config = JSON.parse(await read("deno.json"));
    const base = `/${config.name}/`;
    const root = `${base}${config.version}/`;
    const files = new Map<string, string>();
    const manifest: Record<string, { size: number; checksum: string }> = {};
    for (const path of publishedFiles(config.publish)) {
      const text = await read(path);
      files.set(root + path, text);
      manifest[`/${path}`] = await entryOf(text);
    }
    const [scope, name] = config.name.slice(1).split("/");
    const meta = {
      scope,
      name,
      latest: config.version,
      versions: { [config.version]: {} },
    };
    files.set(`${base}meta.json`, JSON.stringify(meta));
    files.set(
      `${base}${config.version}_meta.json`,
      JSON.stringify({ manifest, exports: config.exports }),
    );
    return new LocalJsr(files, root);
  }

  /** The address of the registry, for `JSR_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(path: string): Response {
    this.requests.push(path);
    const text = this.#files.get(path);
    if (text === undefined) {
      return new Response(`there is no ${path}`, { status: 404 });
    }
    const extension = path.slice(path.lastIndexOf(".") + 1);
    return new Response(text, {
      headers: { "content-type": TYPES[extension] ?? "text/plain" },
    });
  }
}

/** The files that `publish` of deno.json takes in: paths from the project's folder. */
export function publishedFiles(
  publish: Config["publish"],
  folder: URL = ROOT,
): string[] {
  const included = publish.include.map(pattern);
  const excluded = (publish.exclude ?? []).map(pattern);
  // The folders that a pattern can lead to: the others are large, and not looked at.
  const tops = publish.include.map((glob) => glob.split("/")[0]!);
  const found = [...Deno.readDirSync(folder)]
    .filter(({ name }) => tops.some((top) => pattern(top).test(name)))
    .flatMap((entry) => filesOf(folder, entry, ""));
  return found
    .filter((path) => included.some((glob) => glob.test(path)))
    .filter((path) => !excluded.some((glob) => glob.test(path)))
    .sort();
}

function filesOf(folder: URL, entry: Deno.DirEntry, before: string): string[] {
  const path = before + entry.name;
  if (!entry.isDirectory) return entry.isFile ? [path] : [];
  return [...Deno.readDirSync(new URL(path, folder))]
    .flatMap((inner) => filesOf(folder, inner, `${path}/`));
}

/** A pattern of deno.json, as far as this project uses them: `**` and `*`. */
function pattern(glob: string): RegExp {
  const source = glob.replace(/^\.\//, "").split(/(\*\*\/|\*)/).map((part) => {
    if (part === "**/") return "(?:[^/]+/)*";
    return part === "*" ? "[^/]*" : RegExp.escape(part);
  });
  // A folder stands for all that is in it.
  return new RegExp(`^${source.join("")}(?:/.*)?$`);
}

async function entryOf(
  text: string,
): Promise<{ size: number; checksum: string }> {
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { size: bytes.length, checksum: `sha256-${hash.toHex()}` };
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}
