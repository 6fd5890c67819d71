import { DENO, denoEnv } from "../deno.ts";
import type { CaseId, Report } from "./run_models.ts";

/** A case, and how long it takes and how many states it has without any mutant. */
export interface TimedCase {
  readonly id: CaseId;
  readonly ms: number;
  readonly states: number;
}

/** What has become of a mutant. */
export type Verdict =
  | { readonly is: "killed"; readonly model: string; readonly reason: string }
  | { readonly is: "endless"; readonly suite: string }
  | { readonly is: "survived" }
  /** A model got far more states, or too slow, without failing. */
  | { readonly is: "undecided"; readonly suite: string };

/**
 * A program that tells nothing for so long runs in circles, in milliseconds: a hundred
 * times as long as it takes on a machine with much else to do.
 */
const SILENCE_MS = 60_000;
/** How long the models may take for one mutant. */
const LIMIT_MS = 1_200_000;

/** A copy of the project in which one module at a time is changed. */
export class Copy {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes a copy of what the models need of a project. */
  static async make(root: string, folder: string): Promise<Copy> {
    for (const path of ["src", "tests/interleave"]) {
      await copyFolder(`${root}/${path}`, `${folder}/${path}`);
    }
    await Deno.copyFile(`${root}/deno.json`, `${folder}/deno.json`);
    return new Copy(folder);
  }

  /** Runs all cases of a file as the modules are: all must hold. */
  async time(suite: string): Promise<TimedCase[]> {
    const timed: TimedCase[] = [];
    const end = await this.#run([[suite]], (report) => {
      if ("failed" in report) {
        const { name, reason } = report;
        throw new Error(`Cannot try mutants: ${name} fails: ${reason}`);
      }
      if ("held" in report) {
        const { held, ms, states } = report;
        timed.push({ id: held, ms, states });
      }
    });
    if (end !== "ended") {
      throw new Error(`Cannot try mutants: ${suite} takes too long`);
    }
    return timed;
  }

  async #run(
    list: readonly (readonly unknown[])[],
    onReport: (report: Report) => void,
  ): Promise<"ended" | "silent" | "slow"> {
    const script = new URL("./run_models.ts", import.meta.url).pathname;
    const child = new Deno.Command(DENO, {
      args: [
        "run",
        "-A",
        "--no-check",
        "--config",
        `${this.#folder}/deno.json`,
        script,
        this.#folder,
        JSON.stringify(list),
      ],
      env: denoEnv(),
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let end: "ended" | "silent" | "slow" = "ended";
    const stop = (why: "silent" | "slow") => () => {
      end = why;
      child.kill("SIGKILL");
    };
    const limit = setTimeout(stop("slow"), LIMIT_MS);
    let silence = setTimeout(stop("silent"), SILENCE_MS);
    for await (const line of linesOf(child.stdout)) {
      clearTimeout(silence);
      silence = setTimeout(stop("silent"), SILENCE_MS);
      onReport(JSON.parse(line));
    }
    clearTimeout(silence);
    clearTimeout(limit);
    await child.status;
    return end;
  }

  /** Runs cases against a mutant, until one fails. */
  async try(
    module: string,
    source: string,
    cases: readonly TimedCase[],
  ): Promise<Verdict> {
    const path = `${this.#folder}/${module}`;
    const original = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, source);
    try {
      let verdict: Verdict = { is: "survived" };
      let suite = "";
      const list = cases.map(({ id, states }) => [...id, states]);
      const end = await this.#run(list, (report) => {
        if ("begun" in report) suite = report.begun[0];
        if ("grew" in report) verdict = { is: "undecided", suite };
        if ("failed" in report) {
          const { name, reason } = report;
          verdict = { is: "killed", model: `${suite}: ${name}`, reason };
        }
      });
      if (end === "silent") return { is: "endless", suite };
      if (end === "slow") return { is: "undecided", suite };
      return verdict;
    } finally {
      await Deno.writeTextFile(path, original);
    }
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
