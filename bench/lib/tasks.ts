// The questions about tasks and timers: each round runs tokio and Edo anew.

import type { Answer } from "./answer.ts";
import type { Built } from "./build.ts";
import { Program } from "./process.ts";
import { type Goal, report, type Series } from "./report.ts";

const EDO = new URL("../edo_runtime.ts", import.meta.url).pathname;

/** tokio's runtimes, as the tables name them. */
const MULTI = "tokio multi-thread";
const RUNTIMES: Record<string, string> = {
  multi_thread: MULTI,
  current_thread: "tokio current_thread",
  block_on: "Edo",
};

/** One question about tasks or timers. */
export interface TaskQuestion {
  name: string;
  title: string;
  goals: readonly Goal[];
}

function atMost(ratio: number): Goal[] {
  return [{ of: "Edo", to: MULTI, atMost: ratio }];
}

export const TASK_QUESTIONS: readonly TaskQuestion[] = [
  {
    name: "spawn_join",
    title: "spawn_join: a million tasks, each joined before the next",
    goals: atMost(0.5),
  },
  {
    name: "spawn_all",
    title: "spawn_all: a million tasks spawned, then joined",
    goals: [],
  },
  {
    name: "yields",
    title: "yields: a thousand tasks give way a thousand times",
    goals: atMost(0.667),
  },
  {
    name: "sleeps_fired",
    title: "sleeps_fired: a million sleeps of 1 to 1000 ms run out",
    goals: atMost(1),
  },
  {
    name: "sleeps_cancelled",
    title: "sleeps_cancelled: a million sleeps set, then cancelled",
    goals: atMost(1),
  },
  {
    name: "sleeping_tasks",
    title: "sleeping_tasks: a million tasks sleep for 1 to 1000 ms each",
    goals: [],
  },
];

async function run(
  command: string[],
  count: number,
  series: Map<string, Series>,
): Promise<void> {
  const program = new Program(command);
  try {
    for (let i = 0; i < count; i++) {
      const result = JSON.parse(await program.line());
      const name = RUNTIMES[result.runtime]!;
      if (!series.has(name)) series.set(name, { name, samples: [] });
      series.get(name)!.samples.push({
        cpu: result.cpu_seconds * 1e9 / result.ops,
        rate: result.ops / result.seconds,
      });
    }
  } catch (error) {
    throw new Error(`No answer from ${command}: ${(error as Error).message}`);
  } finally {
    await program.stop();
  }
}

/** What the page shows: all questions in one, if all of them were asked. */
function answers(all: readonly Series[][]): Answer[] {
  if (all.length !== TASK_QUESTIONS.length) return [];
  return [{
    name: "tasks",
    title: "CPU time of one operation",
    unit: "cpu",
    columns: TASK_QUESTIONS.map(({ name }) => name),
    than: [],
    transposed: true,
    rows: all[0]!.map(({ name }, i) => ({
      name,
      cells: all.map((series) => series[i]!.samples),
    })),
    base: MULTI,
  }];
}

/** Asks each question in so many rounds; `divide` makes the counts smaller. */
export async function askTasks(
  questions: readonly TaskQuestion[],
  built: Built,
  rounds: number,
  divide: number,
): Promise<Answer[]> {
  const all: Series[][] = [];
  const edo = [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--allow-ffi",
    "--allow-net",
    "--allow-read",
    EDO,
  ];
  for (const { name, title, goals } of questions) {
    const series = new Map<string, Series>();
    const args = ["--divide", `${divide}`, name];
    for (let i = 0; i < rounds; i++) {
      if (built.tokioBench !== null) {
        await run([built.tokioBench, ...args], 2, series);
      }
      await run([...edo, ...args], 1, series);
    }
    const bases = [MULTI, "tokio current_thread"];
    all.push([...series.values()]);
    report(title, [...series.values()], bases, goals);
  }
  return answers(all);
}
