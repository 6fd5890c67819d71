/**
 * Edo beside its peers, in one run: CPU time for an operation, and throughput.
 *
 *     deno task bench [--quick] [--only NAME]... [--rounds N] [--write]
 *
 * README.md says how it measures.
 *
 * @module
 */
import type { Answer } from "./lib/answer.ts";
import { buildPeers, missing } from "./lib/build.ts";
import { askEcho, ECHO_QUESTIONS } from "./lib/echo.ts";
import { machine, writePage } from "./lib/page.ts";
import { calibrate, poolQuestions } from "./lib/pool_questions.ts";
import { askPools } from "./lib/pools.ts";
import { askTasks, TASK_QUESTIONS } from "./lib/tasks.ts";

const NAMES = [...ECHO_QUESTIONS, ...TASK_QUESTIONS, ...poolQuestions(true, 1)]
  .map(({ name }) => name);

const USAGE = `bench/main.ts [--quick] [--only NAME]... [--rounds N] [--write]

--quick      fewer and shorter rounds: figures to look at, not to quote
--only NAME  only what starts with NAME; may be given more than once
--rounds N   how many rounds the medians are taken of
--write      write docs/benchmarks.md even after a quick run

${NAMES.join(", ")}`;

interface Options {
  quick: boolean;
  write: boolean;
  rounds: number | null;
  only: string[];
}

/** Null if the arguments make no sense; why has been printed then. */
function parse(args: readonly string[]): Options | null {
  const options: Options = {
    quick: false,
    write: false,
    rounds: null,
    only: [],
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--quick" || arg === "--write") {
      options[arg === "--quick" ? "quick" : "write"] = true;
      continue;
    }
    const value = args[++i];
    if (arg === "--only" && NAMES.some((name) => name.startsWith(value!))) {
      options.only.push(value!);
    } else if (arg === "--rounds" && Number(value) >= 1) {
      options.rounds = Math.floor(Number(value));
    } else {
      console.error(`Cannot use ${arg} ${value ?? ""}\n\n${USAGE}`);
      return null;
    }
  }
  return options;
}

function printMachine(): void {
  const [load] = Deno.loadavg();
  console.log(
    `Deno ${Deno.version.deno}, ${Deno.build.target}, ` +
      `${navigator.hardwareConcurrency} processors, load ${load!.toFixed(2)}`,
  );
  if (load! > 0.5) {
    console.warn("THIS MACHINE IS BUSY: expect figures that wander");
  }
}

function printMissing(): void {
  for (const line of missing.splice(0)) console.warn(`MISSING ${line}`);
}

async function main(): Promise<number> {
  const options = parse(Deno.args);
  if (options === null) return 2;
  const { quick, only } = options;
  const isWanted = ({ name }: { name: string }) =>
    only.length === 0 || only.some((start) => name.startsWith(start));
  const rounds = options.rounds ?? (quick ? 3 : 7);
  const where = machine();
  printMachine();
  const echo = ECHO_QUESTIONS.filter(isWanted);
  const tasks = TASK_QUESTIONS.filter(isWanted);
  const answers: Answer[] = [];
  if (echo.length + tasks.length > 0) {
    const built = buildPeers();
    printMissing();
    const seconds = quick ? 0.2 : 0.4;
    const echoRounds = options.rounds ?? (quick ? 5 : 21);
    answers.push(...await askEcho(echo, built, echoRounds, seconds));
    printMissing();
    const divide = quick ? 10 : 1;
    answers.push(...await askTasks(tasks, built, rounds, divide));
  }
  const pools = poolQuestions(quick, calibrate()).filter(isWanted);
  answers.push(
    ...await askPools(pools, rounds, {
      warmUp: quick ? 0.3 : 2,
      answer: quick ? 10 : 120,
    }),
  );
  if (!quick || options.write) {
    writePage(answers, where, ["deno task bench", ...Deno.args].join(" "));
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
