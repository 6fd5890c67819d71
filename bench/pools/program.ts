// A contender in a process of its own: reads an Ask from each line of its input, and
// answers with a line of Figures, null for what it cannot do.
//
//   deno run -A program.ts NAME THREADS [--cold]
//
// Its first line is "ready", or {"missing": REASON}. With --cold it does nothing but
// measure how long it takes from before the import to the first result.

import process from "node:process";
import { type Ask, type Figures, measure } from "./ask.ts";
import type { Contender, Running } from "./contender.ts";
import { CONTENDERS } from "./contenders.ts";

const [name, threads, cold] = Deno.args;

async function start(): Promise<Running> {
  const { module, mode } = CONTENDERS.find((entry) => entry.name === name)!;
  const url = new URL(module, import.meta.url).href;
  const { contender } = await import(url) as { contender: Contender };
  return await contender.start(Number(threads), mode);
}

async function firstResult(): Promise<Figures> {
  const cpu = process.cpuUsage();
  const from = performance.now();
  const running = await start();
  await running.caller("empty")({ value: 1 });
  const seconds = (performance.now() - from) / 1e3;
  const { user, system } = process.cpuUsage(cpu);
  return { ops: 1, seconds, cpuSeconds: (user + system) / 1e6 };
}

async function* lines(): AsyncGenerator<string> {
  let rest = "";
  const text = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  for await (const chunk of text) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

function say(line: unknown): void {
  console.log(JSON.stringify(line));
}

async function serve(): Promise<void> {
  const running = await start();
  say("ready");
  for await (const line of lines()) {
    say(await measure(JSON.parse(line) as Ask, running));
  }
  await running.stop();
}

if (import.meta.main) {
  try {
    if (cold === "--cold") say(await firstResult());
    else await serve();
    // Some pools would keep the process alive.
    Deno.exit(0);
  } catch (error) {
    say({ missing: (error as Error).message });
    Deno.exit(1);
  }
}
