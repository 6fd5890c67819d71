/**
 * Programs of the project as processes of their own, as a user would start them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { asOnLinux, CtrlC, OWN_CONSOLE_FLAGS } from "../windows/console.ts";
import { waitFor } from "./deadline.ts";

/** The folder of the project, with a slash at its end. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** The permissions that README asks users for. */
export const README_FLAGS: readonly string[] = [
  "--allow-ffi",
  "--allow-net",
  "--allow-read",
];

/**
 * Flags with which a program in another folder imports `@edo/runtime`, and `@std/*`
 * from where these tests have it.
 */
export function importFlags(): string[] {
  const flags = ["--config", fileURLToPath(new URL("deno.json", ROOT))];
  const map = new URL("tools/std_from_npm/import_map.json", ROOT);
  if (import.meta.resolve("@std/assert").startsWith(new URL(".", map).href)) {
    flags.push("--import-map", fileURLToPath(map));
  }
  return flags;
}

/** How long a process may take for anything, unless a test says otherwise. */
const PATIENCE_MS = 15_000;

export interface SubprocessOptions {
  /** Variables beside those of the tests themselves. */
  env?: Record<string, string>;
  /** The folder to run in. By default the project's. */
  cwd?: string | URL;
}

/** What a process writes to one of its streams, line by line. */
export class Lines {
  /** All lines up to now, those that were not asked for yet included. */
  readonly all: string[] = [];
  readonly #name: string;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #done: Promise<void>;
  #next = 0;
  #partial = "";
  #ended = false;
  /** Why there are no more, if that is not the end of the stream. */
  #error: unknown = null;
  #news = Promise.withResolvers<void>();

  constructor(name: string, stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#name = name;
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    this.#done = this.#pump()
      // Whoever waits for lines is told: nobody may do so at this moment.
      .catch((error) => void (this.#error = error))
      .finally(() => {
        this.#ended = true;
        this.#tell();
      });
  }

  /** The next line, or `null` at the end of the stream. */
  async next(ms: number = PATIENCE_MS): Promise<string | null> {
    await this.#until(
      () => this.#next < this.all.length,
      ms,
      `line ${this.#next + 1} of ${this.#name}`,
    );
    return this.all[this.#next++] ?? null;
  }

  /** Skips to the next line that matches, and returns it. */
  async match(pattern: RegExp, ms: number = PATIENCE_MS): Promise<string> {
    const what = `a line of ${this.#name} like ${pattern}`;
    const end = performance.now() + ms;
    while (true) {
      await this.#until(
        () => this.#next < this.all.length,
        Math.max(0, end - performance.now()),
        what,
      );
      const line = this.all[this.#next++];
      if (line === undefined) {
        throw new Error(`Cannot find ${what}: it has ended${this.#soFar()}`);
      }
      if (pattern.test(line)) return line;
    }
  }

  /** All lines that are still to come, up to the end of the stream. */
  async rest(ms: number = PATIENCE_MS): Promise<string[]> {
    await this.#until(() => this.#ended, ms, `the end of ${this.#name}`);
    if (this.#error !== null) throw this.#error;
    const lines = this.all.slice(this.#next);
    this.#next = this.all.length;
    return lines;
  }

  /** Waits for text that nothing ends a line after, such as a prompt. */
  async prompt(text: string, ms: number = PATIENCE_MS): Promise<void> {
    await this.#until(
      () => this.#partial === text,
      ms,
      `"${text}" on ${this.#name}`,
    );
    if (this.#partial !== text) {
      throw new Error(`Cannot find "${text}": it has ended${this.#soFar()}`);
    }
  }

  /** Stops reading. Another process may hold the stream open for longer. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
    await this.#done;
  }

  /** Waits until `holds`, which only the arrival of lines or of the end changes. */
  async #until(holds: () => boolean, ms: number, what: string): Promise<void> {
    const arrival = async () => {
      while (!this.#ended && !holds()) await this.#news.promise;
    };
    await waitFor(arrival(), ms, what, () => this.#soFar());
    if (this.#error !== null && !holds()) throw this.#error;
  }

  async #pump(): Promise<void> {
    while (true) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      const lines = (this.#partial + value).split(/\r?\n/);
      this.#partial = lines.pop()!;
      this.all.push(...lines);
      this.#tell();
    }
    if (this.#partial !== "") this.all.push(this.#partial);
    this.#partial = "";
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #soFar(): string {
    if (this.all.length === 0) return `; ${this.#name} is empty`;
    return `; ${this.#name} has\n  ${this.all.join("\n  ")}`;
  }
}

/**
 * A process that is gone, and its streams closed, at the end of `await using`.
 *
 * @example
 * ```ts ignore
 * await using server = startExample("echo_server.ts", ["--port", "0"]);
 * const address = await server.stdout.match(/^listening on /);
 * server.kill("SIGINT");
 * assertEquals((await server.status()).signal, "SIGINT");
 * ```
 */
export class Subprocess implements AsyncDisposable {
  readonly pid: number;
  readonly stdout: Lines;
  readonly stderr: Lines;
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #ctrlC: CtrlC;
  #ended = false;

  constructor(
    command: string,
    args: readonly string[],
    options: SubprocessOptions = {},
  ) {
    this.#name = [command, ...args].join(" ");
    this.#child = new Deno.Command(command, {
      args: [...args],
      cwd: options.cwd ?? ROOT,
      env: {
        NO_COLOR: "1",
        DENO_NO_PROMPT: "1",
        DENO_NO_UPDATE_CHECK: "1",
        ...options.env,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#ctrlC = new CtrlC(this.pid);
    this.stdout = new Lines("stdout", this.#child.stdout);
    this.stderr = new Lines("stderr", this.#child.stderr);
    this.#stdin = this.#child.stdin.getWriter();
    // A process that ends early closes the pipe; who writes to it gets the error.
    this.#stdin.closed.catch(() => {});
    this.#child.status.then(() => this.#ended = true);
  }

  /** Writes to the process's standard input. */
  async write(text: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(text));
  }

  /** Ends the process's standard input. */
  async closeInput(): Promise<void> {
    await this.#stdin.close();
  }

  /**
   * Sends a signal, if the process is still there. On Windows all of them end it at
   * once, but `SIGINT`, which is a Ctrl-C.
   */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    if (this.#ended) return;
    if (Deno.build.os === "windows" && signal === "SIGINT") this.#ctrlC.press();
    else this.#child.kill(signal);
  }

  /** Waits until the process has ended, and says how. */
  async status(ms: number = PATIENCE_MS): Promise<Deno.CommandStatus> {
    const status = await waitFor(
      this.#child.status,
      ms,
      `the end of "${this.#name}"`,
      () =>
        `; stdout has\n  ${this.stdout.all.join("\n  ")}` +
        `\nstderr has\n  ${this.stderr.all.join("\n  ")}`,
    );
    await this.#ctrlC.settle();
    return asOnLinux(status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It may end by itself in this very moment: then there is nothing to kill.
    try {
      this.kill("SIGKILL");
    } catch (error) {
      if (!this.#ended && !(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    await Promise.all([
      this.#ctrlC.settle(),
      this.stdout.cancel(),
      this.stderr.cancel(),
      this.#stdin.abort().catch(() => {}),
    ]);
  }
}

/** Starts Deno, the same one that runs the tests, with these arguments. */
export function startDeno(
  args: readonly string[],
  options: SubprocessOptions = {},
): Subprocess {
  const [command = "", ...rest] = args;
  // Deno 2.9 for Windows hangs when it has to check types and to load this first.
  const isRun = command === "run" && !rest.includes("--check");
  const flags = isRun ? OWN_CONSOLE_FLAGS : [];
  return new Subprocess(Deno.execPath(), [command, ...flags, ...rest], options);
}

/** Starts a program of examples/ with the permissions that README names. */
export function startExample(
  file: string,
  args: readonly string[] = [],
  options: SubprocessOptions = {},
): Subprocess {
  return startDeno(["run", ...README_FLAGS, `examples/${file}`, ...args], {
    ...options,
  });
}
