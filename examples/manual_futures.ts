/**
 * The same requests as futures, and four ways to execute them: the second half of
 * the course in docs/from_syscalls_to_await.md.
 *
 *     deno run --allow-ffi --allow-net --allow-read \
 *       examples/manual_futures.ts waker-executor --requests 5
 *
 * @module
 */
import type { Future } from "../mod.ts";
import {
  type Command,
  Report,
  requestIds,
  runCourse,
  type Target,
} from "./lib/course.ts";
import { epollExecutor } from "./manual_futures/epoll_executor.ts";
import { request } from "./manual_futures/http_get.ts";
import {
  naiveExecutor,
  type OnReady,
} from "./manual_futures/naive_executor.ts";
import { wakerExecutor } from "./manual_futures/waker_executor.ts";

const USAGE = `manual_futures.ts COMMAND [flags]

naive-executor    polls all futures, over and over
epoll-executor    sleeps until a socket is ready, then polls all futures
waker-executor    sleeps, then polls the futures that were woken
foreign-executor  Edo's futures, executed by native await and by effection
foreign-future    others' futures, promises and effection's, executed by Edo

The foreign ones load effection from npm when they are called.`;

const COMMANDS: Record<string, Command> = {
  "naive-executor": (target) => execute(naiveExecutor, target),
  "epoll-executor": (target) => execute(epollExecutor, target),
  "waker-executor": (target) => execute(wakerExecutor, target),
  "foreign-executor": async (target) => {
    const { foreignExecutor } = await load<
      typeof import("./manual_futures/foreign_executor.ts")
    >("foreign_executor");
    await foreignExecutor(target);
  },
  "foreign-future": async (target) => {
    const { foreignFuture } = await load<
      typeof import("./manual_futures/foreign_future.ts")
    >("foreign_future");
    await foreignFuture(target);
  },
};

/** Returns how many polls it took. */
type Executor = (
  futures: readonly Future<Uint8Array[]>[],
  onReady: OnReady<Uint8Array[]>,
) => number;

function execute(executor: Executor, target: Target): void {
  const ids = requestIds(target);
  const futures = ids.map((id) => request(target, id));
  const report = new Report();
  try {
    const polls = executor(futures, (index, received) => {
      report.reply(ids[index]!, ...received);
    });
    report.total();
    const each = (polls / ids.length).toFixed(1);
    console.log(`${polls} polls, ${each} for each request`);
  } finally {
    // Does nothing to those that are ready, but an error leaves others behind.
    for (const future of futures) future.cancel();
  }
}

/**
 * Imports a module by an address that is put together, not written out: Deno would
 * fetch what stands in a literal, effection for the other commands too.
 */
async function load<M>(name: string): Promise<M> {
  try {
    return await import(`./manual_futures/${name}.ts`);
  } catch (cause) {
    const [reason] = (cause as Error).message.split("\n");
    throw new Deno.errors.NotFound(
      `Cannot load effection from npm: ${reason}`,
      { cause },
    );
  }
}

if (import.meta.main) runCourse(USAGE, null, COMMANDS);
