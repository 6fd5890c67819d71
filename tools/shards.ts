/**
 * Runs the tests in several processes at a time. The files are dealt out in more
 * parts than there are processes, and who is done takes the next part.
 *
 * @module
 */
import { DENO, denoEnv } from "./deno.ts";

/** How many parts there are for each process: so they end at about the same time. */
const PARTS_PER_PROCESS = 8;

/** What the runner's last line says. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
  /** Those that passed at a later try. */
  readonly flaky: number;
}

/** The counts of the runner's last line; null if it did not get that far. */
export function readCounts(output: string): Counts | null {
  const last = /^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed(.*)$/gm;
  const [, passed, failed, rest] = [...output.matchAll(last)].at(-1) ?? [];
  if (passed === undefined) return null;
  const ignored = /(\d+) ignored/.exec(rest!)?.[1] ?? 0;
  const flaky = /(\d+) flaky/.exec(rest!)?.[1] ?? 0;
  return {
    passed: Number(passed),
    failed: Number(failed),
    ignored: Number(ignored),
    flaky: Number(flaky),
  };
}

/** A line like the runner's last one, for all parts. A part without counts failed. */
export function sumLine(parts: readonly (Counts | null)[]): string {
  const sum = (key: keyof Counts, missing: number) =>
    parts.reduce((sum, counts) => sum + (counts?.[key] ?? missing), 0);
  const failed = sum("failed", 1);
  return `${failed === 0 ? "ok" : "FAILED"} | ${sum("passed", 0)} passed | ` +
    `${failed} failed | ${sum("ignored", 0)} ignored | ${
      sum("flaky", 0)
    } flaky`;
}

/**
 * Puts what several write at the same time in their order: what the first writes is
 * passed on at once, what the second writes when the first has ended, and so on.
 */
export class InOrder {
  readonly #write: (chunk: Uint8Array) => void;
  readonly #waiting: Uint8Array[][];
  readonly #ended: boolean[];
  #turn = 0;

  constructor(count: number, write: (chunk: Uint8Array) => void) {
    this.#write = write;
    this.#waiting = Array.from({ length: count }, () => []);
    this.#ended = Array.from({ length: count }, () => false);
  }

  add(index: number, chunk: Uint8Array): void {
    if (index === this.#turn) this.#write(chunk);
    else this.#waiting[index]!.push(chunk);
  }

  end(index: number): void {
    this.#ended[index] = true;
    while (this.#ended[this.#turn]) {
      const next = this.#waiting[++this.#turn] ?? [];
      for (const chunk of next.splice(0)) this.#write(chunk);
    }
  }
}

/** How tests ended: the exit code, and what they wrote to stdout. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs `deno task test` with arguments, and hears what it writes as it does. */
export async function runTests(
  args: readonly string[],
  hear: (chunk: Uint8Array) => void,
): Promise<Outcome> {
  const child = new Deno.Command(DENO, {
    args: ["run", "-A", "tools/test.ts", ...args],
    env: { ...denoEnv(), NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    hear(chunk);
  }
  return { code: (await child.status).code, output };
}

/** The same by several processes at a time, and a line with the sum at the end. */
export async function runShards(
  args: readonly string[],
  processes: number,
  hear: (chunk: Uint8Array) => void,
): Promise<Outcome> {
  const parts = processes * PARTS_PER_PROCESS;
  const order = new InOrder(parts, hear);
  const outcomes: Outcome[] = [];
  let next = 0;
  const work = async () => {
    for (let part = next++; part < parts; part = next++) {
      const own = [...args, `--shard=${part + 1}/${parts}`];
      outcomes[part] = await runTests(own, (chunk) => order.add(part, chunk));
      order.end(part);
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  const line = sumLine(outcomes.map(({ output }) => readCounts(output)));
  const sum = `\nall ${parts} parts:\n${line}\n`;
  hear(new TextEncoder().encode(sum));
  return {
    code: outcomes.find(({ code }) => code !== 0)?.code ?? 0,
    output: outcomes.map(({ output }) => output).join("\n") + sum,
  };
}
