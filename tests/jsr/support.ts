/**
 * Programs of somebody who has no more than the package's name.
 *
 * @module
 */
import { HAS_TCP } from "../../tools/deno.ts";
import { edoTest } from "../helpers/leaks.ts";
import { LocalJsr } from "../helpers/local_jsr.ts";
import {
  README_FLAGS,
  startDeno,
  type Subprocess,
} from "../helpers/subprocess.ts";

/** The first run fetches, and compiles, all modules of the package. */
export const PROGRAM_MS = 60_000;

/** A folder outside the project, gone at the end of `await using`. */
export class Elsewhere implements AsyncDisposable {
  readonly registry: LocalJsr;
  readonly #folder: string;
  readonly #pages = new Map<string, string>();
  /** A site of somebody else: another origin than the registry. */
  readonly #site: Deno.HttpServer<Deno.NetAddr>;

  private constructor(registry: LocalJsr, folder: string) {
    this.registry = registry;
    this.#folder = folder;
    this.#site = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => {
        const code = this.#pages.get(new URL(request.url).pathname);
        return new Response(code ?? null, {
          status: code === undefined ? 404 : 200,
          headers: { "content-type": "application/typescript" },
        });
      },
    );
  }

  static async make(): Promise<Elsewhere> {
    const registry = await LocalJsr.start();
    return new Elsewhere(
      registry,
      await Deno.makeTempDir({ prefix: "edo_jsr_" }),
    );
  }

  /** Writes a program, and returns its path. */
  async addFile(name: string, code: string): Promise<string> {
    const path = `${this.#folder}/${name}`;
    await Deno.writeTextFile(path, code);
    return path;
  }

  /** Has the site serve a program, and returns its address. */
  addPage(name: string, code: string): string {
    this.#pages.set(`/${name}`, code);
    return `http://127.0.0.1:${this.#site.addr.port}/${name}`;
  }

  /** Starts a program with README's flags and these. */
  start(program: string, flags: string[] = []): Subprocess {
    const args = ["run", "--no-lock", ...README_FLAGS, ...flags, program];
    return startDeno(args, {
      cwd: this.#folder,
      env: {
        // A cache of its own: nothing may come from an earlier run.
        DENO_DIR: `${this.#folder}/cache`,
        JSR_URL: this.registry.url,
      },
    });
  }

  /** Runs a program to its end, which must be a good one; returns what it prints. */
  async run(program: string, flags: string[] = []): Promise<string[]> {
    await using process = this.start(program, flags);
    const [lines, errors, { code, signal }] = await Promise.all([
      process.stdout.rest(PROGRAM_MS),
      process.stderr.rest(PROGRAM_MS),
      process.status(PROGRAM_MS),
    ]);
    if (code !== 0) {
      throw new Error(
        `Cannot run ${program}: it ended with ${signal ?? code}\n  ` +
          [...lines, ...errors].join("\n  "),
      );
    }
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#site.shutdown();
    await this.registry[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** A test of the package, where there is TCP. */
export function jsrTest(
  name: string,
  fn: () => Promise<void>,
  options: { ignore?: boolean } = {},
): void {
  edoTest(name, fn, { ignore: options.ignore === true || !HAS_TCP });
}
