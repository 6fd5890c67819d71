// Asking the pools: each contender lives in a process of its own, they take turns,
// and whoever does not have the turn is stopped. (knitting's idle threads have used
// more than a processor, which the others' figures would show.)

import type { Ask, Figures } from "../pools/ask.ts";
import { CONTENDERS, EDO, type Entry, NO_POOL } from "../pools/contenders.ts";
import { type Answer, type Row, tableOf, verdicts } from "./answer.ts";
import { missing } from "./build.ts";
import { fetchKnitting } from "./knitting.ts";
import {
  batch,
  GENERAL,
  type PoolQuestion,
  type Variant,
} from "./pool_questions.ts";
import { Program } from "./process.ts";
import { printTable, type Sample } from "./report.ts";

const PROGRAM = new URL("../pools/program.ts", import.meta.url).pathname;

/** After so long a pool is not expected to start any more. */
const START_SECONDS = 10;

/** How long to warm up, and to wait for an answer, in seconds. */
export interface Patience {
  warmUp: number;
  answer: number;
}

const canStop = Deno.build.os !== "windows";

const SIGNALS: readonly Deno.Signal[] = canStop
  ? ["SIGINT", "SIGTERM"]
  : ["SIGINT"];

function command(name: string, threads: number): string[] {
  const deno = [Deno.execPath(), "run", "--quiet", "-A"];
  return [...deno, PROGRAM, name, `${threads}`];
}

function sampleOf({ ops, seconds, cpuSeconds }: Figures): Sample {
  return { cpu: cpuSeconds * 1e9 / ops, rate: ops / seconds };
}

/** Why a contender cannot take part on this machine at all. */
class NotAvailable extends Error {}

/** The next line of a program's output, as JSON. */
async function answerOf(program: Program, seconds: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`no answer within ${seconds} s`);
    timer = setTimeout(() => reject(error), seconds * 1e3);
  });
  try {
    const answer = JSON.parse(await Promise.race([program.line(), late]));
    if (answer?.missing !== undefined) throw new NotAvailable(answer.missing);
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

/** A contender with so many threads, stopped except while it is asked. */
class Peer {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async start(name: string, threads: number): Promise<Peer> {
    const program = new Program(command(name, threads));
    const peer = new Peer(program);
    try {
      await answerOf(program, START_SECONDS); // ready
    } catch (error) {
      await peer.end();
      throw error;
    }
    peer.#signal("SIGSTOP");
    return peer;
  }

  /** Null for what it cannot do. */
  async ask(ask: Ask, seconds: number): Promise<Sample | null> {
    this.#signal("SIGCONT");
    await this.#program.write(JSON.stringify(ask));
    const figures = await answerOf(this.#program, seconds) as
      | Figures
      | null;
    this.#signal("SIGSTOP");
    return figures === null ? null : sampleOf(figures);
  }

  async end(): Promise<void> {
    await this.#program.stop();
  }

  #signal(signal: "SIGSTOP" | "SIGCONT"): void {
    if (canStop) Deno.kill(this.#program.pid, signal);
  }
}

/** A fresh process for a single figure. */
async function askCold(name: string, threads: number): Promise<Sample> {
  const program = new Program([...command(name, threads), "--cold"]);
  try {
    return sampleOf(await answerOf(program, START_SECONDS) as Figures);
  } finally {
    await program.stop();
  }
}

/** The contenders' processes. */
class Peers {
  readonly #peers = new Map<string, Peer>();
  readonly #warmUp: Ask;
  readonly #seconds: number;

  /** Who has turned out not to be available here. */
  readonly lost = new Set<Entry>();

  /** Each process begins with small tasks, so that its code is compiled. */
  constructor({ warmUp, answer }: Patience) {
    this.#warmUp = { ...GENERAL, ...batch(100), seconds: warmUp };
    this.#seconds = answer;
  }

  async ask(
    { name }: Entry,
    { threads, ask }: Variant,
  ): Promise<Sample | null> {
    if (ask === null) return await askCold(name, threads);
    const key = `${name}, ${threads}`;
    const peer = this.#peers.get(key) ?? await Peer.start(name, threads);
    try {
      if (!this.#peers.has(key)) await peer.ask(this.#warmUp, this.#seconds);
      this.#peers.set(key, peer);
      return await peer.ask(ask, this.#seconds);
    } catch (error) {
      this.#peers.delete(key);
      await peer.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    for (const peer of this.#peers.values()) await peer.end();
  }
}

/** Adds a round's samples; says why, if the contender is to be left out from now. */
async function round(
  entry: Entry,
  question: PoolQuestion,
  peers: Peers,
  cells: (Sample[] | null)[],
  counts: boolean,
): Promise<string | null> {
  try {
    for (const [k, variant] of question.variants.entries()) {
      if (cells[k] === null) continue;
      const sample = await peers.ask(entry, variant);
      if (sample === null) cells[k] = null;
      else if (counts) cells[k]!.push(sample);
    }
    return null;
  } catch (error) {
    if (error instanceof NotAvailable) peers.lost.add(entry);
    return (error as Error).message;
  }
}

async function answer(
  question: PoolQuestion,
  peers: Peers,
  rounds: number,
): Promise<Answer> {
  const { variants } = question;
  const entries = CONTENDERS.filter((entry) =>
    !peers.lost.has(entry) && (question.noPool || entry.name !== NO_POOL)
  );
  const all = new Map(
    entries.map((entry) => [entry, variants.map((): Sample[] | null => [])]),
  );
  // Round -1 is not counted: compilers, heaps and caches are new to the question.
  for (let at = -1; at < rounds; at++) {
    // Whoever comes first in one round comes last in the next.
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[(i + at + entries.length) % entries.length]!;
      const cells = all.get(entry);
      if (cells === undefined) continue;
      const why = await round(entry, question, peers, cells, at >= 0);
      if (why === null) continue;
      all.delete(entry);
      missing.push(`${entry.name}, ${question.name}: ${why}`);
    }
  }
  const rows: Row[] = entries.filter((entry) => all.has(entry))
    .map((entry) => ({ name: entry.name, cells: all.get(entry)! }));
  return {
    name: question.name,
    title: question.title,
    unit: question.unit,
    columns: variants.map(({ label }) => label),
    than: variants.map(({ than }) => than),
    rows,
    base: EDO,
  };
}

/** Asks each question in so many rounds, and prints and returns the answers. */
export async function askPools(
  questions: readonly PoolQuestion[],
  rounds: number,
  patience: Patience,
): Promise<Answer[]> {
  if (questions.length === 0) return [];
  fetchKnitting();
  const peers = new Peers(patience);
  const answers: Answer[] = [];
  // Stopped processes would be left behind: they do not see that their input ends.
  const leave = () => void peers.end().then(() => Deno.exit(130));
  for (const signal of SIGNALS) Deno.addSignalListener(signal, leave);
  try {
    for (const question of questions) {
      const count = Math.min(rounds, question.atMost);
      const one = await answer(question, peers, count);
      for (const line of missing.splice(0)) console.warn(`MISSING ${line}`);
      console.log(
        `\n${one.name}: ${one.title}   (medians of ${count} rounds)`,
      );
      printTable(tableOf(one));
      for (const line of verdicts(one, question.goals)) {
        console.log(`  ${line}`);
      }
      answers.push(one);
    }
  } finally {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, leave);
    await peers.end();
  }
  return answers;
}
