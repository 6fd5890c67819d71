import {
  block_on,
  blockOn,
  Future,
  Handle,
  JoinError,
  type JoinErrorKind,
  JoinHandle,
  run,
  Runtime,
  type RuntimeOptions,
  type ShutdownOptions,
  spawn,
  spawnBlocking,
  type SpawnOptions,
  spawnWith,
  task,
  taskSignal,
  yieldNow,
} from "../../mod.ts";
import { fc } from "./fast_check.ts";
import {
  callable,
  future,
  hostile,
  Made,
  made,
  number,
  options,
  orHostile,
  text,
} from "./hostile_values.ts";
import { asyncSurfaceTest, surfaceTest } from "./surface.ts";

const body = orHostile(
  callable,
  future,
  new Made("a body", () =>
    function* () {
      yield* yieldNow();
      return 1;
    }),
);

const BLOCK_ON = /^Cannot (block_on|poll a generator|wait|yield|finish|call)/;

// What nothing wakes is a deadlock, which is told as an error.
surfaceTest({
  name: "block_on",
  args: [body, hostile],
  call: block_on as never,
  names: BLOCK_ON,
});

surfaceTest({
  name: "blockOn of a future",
  args: [orHostile(future)],
  call: blockOn as never,
  names: BLOCK_ON,
});

asyncSurfaceTest({
  name: "run",
  args: [body, hostile],
  // Nobody ends what never wakes, and nobody tells.
  call: async (source: never, ...args: never[]) => {
    if (isEndless(source)) return;
    await run(source, ...args);
  },
  names: /^Cannot /,
});

function isEndless(source: unknown): boolean {
  try {
    return source instanceof Future || Object(source).then !== undefined ||
      (source as typeof globalThis) === globalThis;
  } catch {
    return false;
  }
}

surfaceTest({
  name: "spawn",
  args: [body, hostile],
  call: ((source: never, ...args: never[]) =>
    block_on(function* () {
      const handle = spawn(source, ...args) as JoinHandle<unknown>;
      for (let i = 0; i < 3; i++) yield* yieldNow();
      void [handle.name, handle.isFinished];
      handle.abort();
      return yield* handle;
    })) as never,
  names: /^Cannot (spawn|join the task)/,
});

surfaceTest({
  name: "spawn outside of a task",
  args: [body, hostile],
  call: spawn as never,
  names: /^Cannot spawn: /,
});

export const echo = task(import.meta, function echo(value: unknown) {
  return value;
});

const spawnOptions = options({
  blocking: orHostile(true, false),
  on: orHostile(undefined, 1, 0, 2, "fewest", number),
  transfer: orHostile(
    undefined,
    new Made("nothing", () => []),
    new Made("a buffer", () => [new ArrayBuffer(8)]),
    new Made("a buffer twice", () => {
      const buffer = new ArrayBuffer(8);
      return [buffer, buffer];
    }),
    fc.array(hostile, { maxLength: 3 }).map((all) =>
      new Made(fc.stringify(all), () => all.map((one) => one.make()))
    ),
  ),
});

const shareable = orHostile(new Made("a shareable task", () => echo), callable);

/** A runtime without workers: what is wrong with arguments is found before. */
const here = new Runtime({ workers: 0 });

asyncSurfaceTest({
  name: "Runtime.spawn",
  args: [shareable, hostile, hostile],
  call: (fn: never, ...args: never[]) => here.spawn(fn, ...args),
  names: /^Cannot (spawn|send|join)/,
});

asyncSurfaceTest({
  name: "Runtime.spawnWith",
  args: [orHostile(spawnOptions), shareable, hostile],
  call: (options: SpawnOptions, fn: never, ...args: never[]) =>
    here.spawnWith(options, fn, ...args),
  names: /^Cannot (spawn|send|join|transfer)/,
});

asyncSurfaceTest({
  name: "Runtime.spawnBlocking",
  args: [shareable, hostile],
  call: (fn: never, ...args: never[]) => here.spawnBlocking(fn, ...args),
  names: /^Cannot (spawn|send|join)/,
});

surfaceTest({
  name: "spawnWith of what is no shareable task",
  args: [orHostile(spawnOptions), hostile, hostile],
  call: spawnWith as never,
  names: /^Cannot spawn/,
});

surfaceTest({
  name: "spawnBlocking of what is no shareable task",
  args: [hostile, hostile],
  call: spawnBlocking as never,
  names: /^Cannot spawn/,
});

asyncSurfaceTest({
  name: "Handle.spawn",
  args: [shareable, hostile],
  call: (fn: never, ...args: never[]) => here.handle().spawn(fn, ...args),
  names: /^Cannot (spawn|send|join)/,
});

asyncSurfaceTest({
  name: "Handle.spawnWith",
  args: [orHostile(spawnOptions), shareable, hostile],
  call: (options: SpawnOptions, fn: never, ...args: never[]) =>
    here.handle().spawnWith(options, fn, ...args),
  names: /^Cannot (spawn|send|join|transfer)/,
});

surfaceTest({
  name: "Handle.import",
  args: [
    orHostile(options({
      kind: orHostile("edo.Handle"),
      memory: orHostile(
        ...[0, 1, 4, 8, 64, 4096, 1 << 20].map((bytes) =>
          new Made(`${bytes} shared bytes`, () => new SharedArrayBuffer(bytes))
        ),
        fc.array(fc.integer(), { minLength: 16, maxLength: 64 }).map((words) =>
          new Made(`shared words ${words}`, () => {
            const memory = new SharedArrayBuffer(1 << 16);
            new Int32Array(memory).set(words);
            return memory;
          })
        ),
      ),
    })),
  ],
  call: Handle.import,
  names: /^Cannot import a Handle: /,
});

surfaceTest({
  name: "Runtime",
  args: [
    orHostile(
      undefined,
      options({
        workers: orHostile(undefined, 0, 1, 2, number),
        idleTimeout: orHostile(undefined, 0, Infinity, number),
      }),
    ),
  ],
  // Its threads start with the first task.
  call: (options: RuntimeOptions) => {
    using runtime = new Runtime(options);
    runtime.metrics();
  },
  names: /^Cannot make a Runtime: (workers|idleTimeout|options)/,
});

asyncSurfaceTest({
  name: "Runtime.shutdown",
  args: [orHostile(undefined, options({ timeout: orHostile(0, 5, number) }))],
  call: async (options: ShutdownOptions) => {
    using runtime = new Runtime({ workers: 1 });
    await runtime.shutdown(options);
  },
  names: /^Cannot shut the runtime down: timeout is /,
});

surfaceTest({
  name: "Runtime.block_on",
  args: [body, hostile],
  call: (source: never, ...args: never[]) => here.block_on(source, ...args),
  names: BLOCK_ON,
});

surfaceTest({
  name: "taskSignal",
  args: [hostile],
  call: taskSignal as never,
  names: /^Cannot /,
});

surfaceTest({
  name: "JoinError",
  args: [
    orHostile("failed", "aborted", "lost"),
    orHostile(text),
    orHostile(undefined, options({ cause: hostile })),
  ],
  call: (kind: JoinErrorKind, task: string, options?: ErrorOptions) =>
    void new JoinError(kind, task, options).message,
});

surfaceTest({
  name: "JoinHandle",
  args: [hostile],
  call: (task: never) => void new JoinHandle(task),
});

let modules = 0;
const meta = new Made("{ url }", () => ({ url: `file:///t${modules++}.ts` }));

surfaceTest({
  name: "task",
  args: [
    orHostile(meta, options({ url: orHostile(text) })),
    orHostile(callable),
  ],
  call: task as never,
  names: /^Cannot declare (a|the) task/,
});

surfaceTest({
  name: "task with a name",
  args: [
    orHostile(meta, options({ url: orHostile(text) })),
    orHostile(text, made("twice")),
    orHostile(callable),
  ],
  call: task as never,
  names: /^Cannot declare (a|the) task/,
});
