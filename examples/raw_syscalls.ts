/**
 * The same requests in seven ways, from a call that blocks to a reactor: the first
 * half of the course in docs/from_syscalls_to_await.md.
 *
 *     deno run --allow-ffi --allow-net --allow-read \
 *       examples/raw_syscalls.ts non-blocking-epoll --requests 5
 *
 * @module
 */
import { type Command, Report, runCourse, type Target } from "./lib/course.ts";
import { epollCalls } from "./raw_syscalls/epoll.ts";
import { pollCalls } from "./raw_syscalls/poll.ts";
import { reactorCalls } from "./raw_syscalls/reactor.ts";
import { selectCalls } from "./raw_syscalls/select.ts";
import { seqCalls } from "./raw_syscalls/seq_calls.ts";
import { stdNonBlockingCalls, stdSeqCalls } from "./raw_syscalls/std_calls.ts";

const USAGE = `raw_syscalls.ts COMMAND [flags]

seq-calls                   sockets that block, one request after another
non-blocking-select         all at once, waiting with select(2)
non-blocking-poll           all at once, waiting with poll(2)
non-blocking-epoll          all at once, waiting with epoll(7)
std-seq-calls               Deno's own sockets, one after another
std-non-blocking-calls      Deno's own sockets, all at once
reactor-non-blocking-calls  all at once, waiting with Edo's Reactor

Any HTTP server will do. The one that takes its time is examples/delay_server.ts.`;

/** Makes all requests and reports the replies. */
type Calls = (target: Target, report: Report) => void | Promise<void>;

function timed(calls: Calls): Command {
  return async (target) => {
    const report = new Report();
    await calls(target, report);
    report.total();
  };
}

if (import.meta.main) {
  runCourse(USAGE, null, {
    "seq-calls": timed(seqCalls),
    "non-blocking-select": timed(selectCalls),
    "non-blocking-poll": timed(pollCalls),
    "non-blocking-epoll": timed(epollCalls),
    "std-seq-calls": timed(stdSeqCalls),
    "std-non-blocking-calls": timed(stdNonBlockingCalls),
    "reactor-non-blocking-calls": timed(reactorCalls),
  });
}
