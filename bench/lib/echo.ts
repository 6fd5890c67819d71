// The echo questions: every server is up, and the load goes to each in turn.

import type { Answer } from "./answer.ts";
import { type Built, missing } from "./build.ts";
import {
  cpuBetween,
  hasProgram,
  LOAD_CPUS,
  Program,
  SERVER_CPUS,
  threadTimes,
} from "./process.ts";
import { type Goal, report, type Sample, type Series } from "./report.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;

/** Seconds of silence after which Edo's servers and tokio's drop a client. */
const IDLE_SECONDS = "10";

/** One question about echo servers. */
export interface EchoQuestion {
  name: string;
  title: string;
  load: readonly string[];
  goals: readonly Goal[];
}

function small(connections: number, goals: readonly Goal[]): EchoQuestion {
  return {
    name: `echo-${connections}`,
    title: `echo-${connections}: ${connections} × 64 bytes`,
    load: ["--connections", `${connections}`, "--size", "64"],
    goals,
  };
}

const GOALS: readonly Goal[] = [
  { of: "Edo", to: "tokio", atMost: 1.05 },
  { of: "Edo", to: "Deno.listen", atMost: 0.85 },
  { of: "Edo async", to: "tokio", atMost: 1.1 },
];

export const ECHO_QUESTIONS: readonly EchoQuestion[] = [
  small(1, []),
  small(64, GOALS),
  small(512, GOALS),
  {
    name: "echo-stream",
    title: "echo-stream: one connection, chunks of 64 KiB, 4 in flight",
    load: ["--connections", "1", "--size", "65536", "--stream"],
    goals: GOALS.slice(0, 1),
  },
];

/** The command of each server that this machine can run. */
function serverCommands(built: Built): Record<string, string[]> {
  const deno = [Deno.execPath(), "run", "--no-prompt", "--allow-net"];
  const edo = [...deno, "--allow-ffi", "--allow-read"];
  const peers = `${PROJECT}bench/peers/`;
  const port = ["--port", "0"];
  const commands: Record<string, string[]> = {};
  if (built.tokioEcho !== null) {
    commands["tokio"] = [built.tokioEcho, ...port, "--timeout", IDLE_SECONDS];
  }
  if (built.epollEcho !== null) {
    commands["C epoll"] = [built.epollEcho, ...port];
  }
  const example = [`${PROJECT}examples/echo_server.ts`, "run"];
  const address = ["--hostname", "127.0.0.1", ...port];
  const idle = ["--idle-timeout", IDLE_SECONDS];
  commands["Edo"] = [...edo, ...example, ...address, ...idle];
  const hosted = `${PROJECT}bench/edo_async_echo.ts`;
  commands["Edo async"] = [...edo, hosted, ...port, "--timeout", IDLE_SECONDS];
  commands["Deno.listen"] = [...deno, `${peers}deno_listen_echo.ts`, ...port];
  commands["node:net"] = [...deno, `${peers}node_net_echo.mjs`, ...port];
  if (hasProgram("node")) {
    commands["Node.js"] = ["node", `${peers}node_net_echo.mjs`, ...port];
  } else {
    missing.push("Node.js: not installed (node:net runs on Deno anyway)");
  }
  return commands;
}

/** A server that listens. */
interface Server {
  name: string;
  port: string;
  program: Program;
}

async function start(name: string, command: string[]): Promise<Server | null> {
  const program = new Program(command, SERVER_CPUS);
  try {
    const line = await program.line();
    const port = /^listening on .*:(\d+)$/.exec(line)?.[1];
    if (port === undefined) throw new Error(`its first line is "${line}"`);
    return { name, port, program };
  } catch (error) {
    missing.push(`${name}: does not start: ${(error as Error).message}`);
    await program.stop();
    return null;
  }
}

/**
 * One round against one server. Its CPU time is read while the load generator
 * waits: after every connection has had an echo, and before it closes them.
 */
async function round(
  server: Server,
  load: readonly string[],
  seconds: number,
): Promise<Sample> {
  const { name, port, program } = server;
  const args = [...load, "--port", port, "--seconds", `${seconds}`, "--wait"];
  const generator = new Program(args, LOAD_CPUS);
  try {
    await generator.line(); // ready
    const before = threadTimes(program.pid);
    await generator.nudge();
    const result = JSON.parse(await generator.line());
    await generator.line(); // done
    const cpu = cpuBetween(before, threadTimes(program.pid));
    await generator.nudge();
    return { cpu: cpu / result.ops, rate: result.ops / result.seconds };
  } catch (error) {
    throw new Error(`No echo from ${name}: ${(error as Error).message}`);
  } finally {
    await generator.stop(null);
  }
}

/** What the page shows: all questions in one, if all of them were asked. */
function answers(all: readonly Series[][]): Answer[] {
  if (all.length !== ECHO_QUESTIONS.length) return [];
  return [{
    name: "echo",
    title: "CPU time of one echo",
    unit: "cpu",
    columns: ECHO_QUESTIONS.map(({ name }) => name),
    than: [],
    rows: all[0]!.map(({ name }, i) => ({
      name,
      cells: all.map((series) => series[i]!.samples),
    })),
    base: "tokio",
  }];
}

/** Starts the servers, asks each question, and stops the servers. */
export async function askEcho(
  questions: readonly EchoQuestion[],
  built: Built,
  rounds: number,
  seconds: number,
): Promise<Answer[]> {
  const { load } = built;
  if (load === null || questions.length === 0) return [];
  const all: Series[][] = [];
  const servers: Server[] = [];
  try {
    for (const [name, command] of Object.entries(serverCommands(built))) {
      const server = await start(name, command);
      if (server !== null) servers.push(server);
    }
    // Compilers need some work to see before the code is as fast as it gets.
    const warmUp = [load, "--connections", "64"];
    for (const server of servers) await round(server, warmUp, 1);
    for (const question of questions) {
      const command = [load, ...question.load];
      for (const server of servers) await round(server, command, seconds);
      const series: Series[] = servers.map(({ name }) => (
        { name, samples: [] }
      ));
      for (let i = 0; i < rounds; i++) {
        // Whoever comes first in one round comes last in the next.
        for (let k = 0; k < servers.length; k++) {
          const at = (i + k) % servers.length;
          const sample = await round(servers[at]!, command, seconds);
          series[at]!.samples.push(sample);
        }
      }
      all.push(series);
      report(question.title, series, ["tokio", "Deno.listen"], question.goals);
    }
  } finally {
    for (const { program } of servers) await program.stop();
  }
  return answers(all);
}
