// Starting what is measured, and reading the CPU time it has used.

const encoder = new TextEncoder();

/** Keeps the load generator off the processor that the servers run on. */
const CPUS = navigator.hardwareConcurrency;
export const SERVER_CPUS: string | null = CPUS > 1 ? `0-${CPUS - 2}` : null;
export const LOAD_CPUS: string | null = CPUS > 1 ? `${CPUS - 1}` : null;

/** Whether a program answers to `--version`. */
export function hasProgram(name: string): boolean {
  try {
    return new Deno.Command(name, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const canPin = Deno.build.os === "linux" && hasProgram("taskset");
if (!canPin) console.warn("WITHOUT taskset: server and load share processors");

/** A process, read line by line. */
export class Program {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #rest = "";

  constructor(command: readonly string[], cpus: string | null = null) {
    const pinned = canPin && cpus !== null
      ? ["taskset", "-c", cpus, ...command]
      : command;
    const [program, ...args] = pinned;
    this.#child = new Deno.Command(program!, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.#child.stdout
      .pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.#child.stdin.getWriter();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The next line of its output; throws if it ends instead. */
  async line(): Promise<string> {
    while (true) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#lines.read();
      if (done) {
        const { code } = await this.#child.status;
        throw new Error(`It ended with code ${code}`);
      }
      this.#rest += value;
    }
  }

  /** Gives it an empty line to read. */
  async nudge(): Promise<void> {
    await this.write("");
  }

  /** Gives it a line to read. */
  async write(line: string): Promise<void> {
    await this.#input.write(encoder.encode(`${line}\n`));
  }

  /** Ends it, if it has not ended by itself. */
  async stop(signal: Deno.Signal | null = "SIGKILL"): Promise<void> {
    if (signal !== null) {
      try {
        this.#child.kill(signal);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended already
      }
    }
    await this.#child.status;
    await this.#lines.cancel();
    await this.#input.close().catch(() => {});
  }
}

/**
 * Nanoseconds of CPU that each thread of a process has used. The first number in
 * `schedstat` is exact where `stat` counts in hundredths of a second, see
 * Documentation/scheduler/sched-stats.rst in the kernel's source.
 */
export function threadTimes(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${name}/schedstat`;
    try {
      times.set(name, Number(Deno.readTextFileSync(path).split(" ")[0]));
    } catch (error) {
      // A thread may end between the two calls.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return times;
}

/** Nanoseconds used between two readings, by all threads that are still there. */
export function cpuBetween(
  before: Map<string, number>,
  after: Map<string, number>,
): number {
  let sum = 0;
  for (const [thread, time] of after) sum += time - (before.get(thread) ?? 0);
  return sum;
}
