/**
 * Ends the process when nothing goes on any more: a thread of its own, as the main
 * thread may be what hangs.
 *
 * @module
 */

/** What the watchdog looks at. */
export interface WatchMessage {
  /** {@linkcode LANE_WORDS} for each lane: its kind plus one, and a count. */
  readonly memory: SharedArrayBuffer;
  readonly names: readonly string[];
  /** How long no action may finish, in milliseconds. @default {30_000} */
  readonly allMs?: number;
}

/** How many words a lane has: what it does, 0 for nothing, and how many it did. */
export const LANE_WORDS = 2;

/** How long one may take while others finish. */
const ONE_MS = 90_000;

const LOOK_MS = 100;

interface Seen {
  count: number;
  since: number;
}

/** Starts it. */
export function startWatchdog(message: WatchMessage): Worker {
  const worker = new Worker(import.meta.url, {
    type: "module",
    name: "watchdog",
  });
  worker.postMessage(message);
  return worker;
}

function watch({ memory, names, allMs = 30_000 }: WatchMessage): void {
  const words = new Int32Array(memory);
  const lanes: Seen[] = Array.from(
    { length: words.length / LANE_WORDS },
    () => ({ count: -1, since: performance.now() }),
  );
  setInterval(() => {
    const now = performance.now();
    const busy: string[] = [];
    let last = -Infinity;
    let isStuck = false;
    for (const [i, seen] of lanes.entries()) {
      const kind = Atomics.load(words, LANE_WORDS * i);
      const count = Atomics.load(words, LANE_WORDS * i + 1);
      if (count !== seen.count || kind === 0) {
        seen.count = count;
        seen.since = now;
      }
      if (kind === 0) continue;
      last = Math.max(last, seen.since);
      const ms = now - seen.since;
      busy.push(`${names[kind - 1]} (${Math.round(ms / 1000)} s)`);
      if (ms > ONE_MS) isStuck = true;
    }
    if (busy.length > 0 && now - last > allMs) isStuck = true;
    if (isStuck) end(busy);
  }, LOOK_MS);
}

function end(busy: readonly string[]): void {
  console.error(
    `\nNOT OK  actions do not finish. Under way, and for how long:\n  ` +
      busy.join("\n  "),
  );
  // `Deno.exit` would end this thread alone.
  if (Deno.build.os !== "linux") Deno.kill(Deno.pid, "SIGKILL");
  const { symbols } = Deno.dlopen("libc.so.6", {
    _exit: { parameters: ["i32"], result: "void" },
  });
  symbols._exit(1);
}

if (self.name === "watchdog") {
  addEventListener("message", (event) => {
    watch((event as MessageEvent<WatchMessage>).data);
  });
}
