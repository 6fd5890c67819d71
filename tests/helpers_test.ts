import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  DEADLINE_FACTOR,
  DeadlineError,
  pollFor,
  waitFor,
  waitForEvent,
} from "./helpers/deadline.ts";
import { edoTest, leavingNothing } from "./helpers/leaks.ts";
import { Lines, startDeno, type Subprocess } from "./helpers/subprocess.ts";
import { unusedPort } from "./helpers/unused_port.ts";

const NEVER = new Promise<never>(() => {});
const LINUX = Deno.build.os === "linux";

/** A Web Worker that is up. With `code` it goes on to do that. */
async function startWorker(code: string): Promise<Worker> {
  const url = "data:text/javascript," +
    encodeURIComponent(`postMessage("up"); ${code}`);
  const worker = new Worker(url, { type: "module" });
  await waitForEvent(worker, "message", 10_000);
  return worker;
}

/** The standard error of a program that calls an `edoTest`. */
async function runTestFile(body: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const leaks = new URL("helpers/leaks.ts", import.meta.url);
    const file = `${folder}/a_test.ts`;
    await Deno.writeTextFile(
      file,
      `import { edoTest } from "${leaks}"; edoTest("sample", () => {${body}}, ` +
        "{ settleMs: 500 });",
    );
    await using test = startDeno(["test", "-A", "--no-check", file]);
    const [out] = await Promise.all([test.stdout.rest(), test.stderr.rest()]);
    return out.join("\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("waiting for a promise gives its value or its error", async () => {
  assertEquals(await waitFor(Promise.resolve(1), 1_000, "one"), 1);
  const error = new RangeError("no");
  await assertRejects(
    () => waitFor(Promise.reject(error), 1_000, "one"),
    RangeError,
    "no",
  );
});

Deno.test("waiting for ever ends at the deadline, and the error says for what", async () => {
  const ms = 5 * DEADLINE_FACTOR;
  await assertRejects(
    () => waitFor(NEVER, 5, "the first line", () => "; there is none"),
    DeadlineError,
    `Cannot wait for the first line: ${ms} ms have passed; there is none`,
  );
  await assertRejects(() => pollFor(() => null, 5, "a file"), DeadlineError);
});

Deno.test("waiting for an event takes the first that is accepted", async () => {
  const target = new EventTarget();
  const seen = waitForEvent<CustomEvent<number>>(
    target,
    "count",
    1_000,
    "two",
    (event) => event.detail === 2,
  );
  for (const detail of [1, 2, 3]) {
    target.dispatchEvent(new CustomEvent("count", { detail }));
  }
  assertEquals((await seen).detail, 2);
});

Deno.test("polling ends when what is looked at has a value", async () => {
  let looks = 0;
  const value = await pollFor(() => ++looks === 3 && "there", 10_000, "it");
  assertEquals([value, looks], ["there", 3]);
});

Deno.test({
  name: "a descriptor that stays open is a leak",
  ignore: !LINUX,
  async fn() {
    let file: Deno.FsFile | undefined;
    const error = await assertRejects(
      () => leavingNothing(() => void (file = Deno.openSync("/dev/zero")), 20),
      Error,
    );
    file?.close();
    assertStringIncludes(error.message, "1 more of /dev/zero");
  },
});

Deno.test({
  name: "a descriptor closed by who does not own it is found",
  ignore: !LINUX,
  async fn() {
    const file = Deno.openSync("/dev/zero");
    const error = await assertRejects(
      () => leavingNothing(() => file.close(), 20),
      Error,
    );
    assertStringIncludes(error.message, "1 fewer of /dev/zero");
  },
});

Deno.test({
  name: "a worker that lives on is a leak, and so are its descriptors",
  ignore: !LINUX,
  async fn() {
    let worker: Worker | undefined;
    const error = await assertRejects(
      () =>
        leavingNothing(async () => {
          worker = await startWorker("onmessage = () => {}");
        }, 20),
      Error,
    );
    worker?.terminate();
    assertMatch(error.message, /the worker worker-\d+ \(thread \d+\)/);
    assertMatch(error.message, /1 more of anon_inode:\[eventfd\]/);
  },
});

Deno.test("the error of a test comes before what it leaves behind", async () => {
  let file: Deno.FsFile | undefined;
  await assertRejects(
    () =>
      leavingNothing(() => {
        file = Deno.openSync(new URL(import.meta.url));
        throw new RangeError("of the test");
      }, 20),
    RangeError,
    "of the test",
  );
  file?.close();
});

edoTest("what ends in its own time is no leak", async () => {
  const first = await startWorker("");
  first.terminate();
  const second = await startWorker("setTimeout(close, 30)");
  second.onmessage = null;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr as Deno.NetAddr;
  using _client = await Deno.connect({ hostname, port });
  using _server = await listener.accept();
  await new Deno.Command(Deno.execPath(), { args: ["--version"] }).output();
});

Deno.test("a test that leaks fails, with a list of what it leaves", async () => {
  if (LINUX) {
    const output = await runTestFile(
      `new Worker("data:text/javascript,setInterval(()=>{},1e3)", ` +
        `{ type: "module" });`,
    );
    assertMatch(output, /sample \.\.\..*FAILED|FAILED \| 0 passed \| 1 failed/);
    assertMatch(output, /the worker worker-\d+/);
  }
  assertMatch(await runTestFile(""), /1 passed/);
});

Deno.test("a process's lines arrive one by one, while it runs", async () => {
  await using cat = startDeno([
    "eval",
    `console.error("ready");
     for await (const text of Deno.stdin.readable.pipeThrough(
       new TextDecoderStream(),
     )) await Deno.stdout.write(new TextEncoder().encode("got " + text));`,
  ]);
  assertEquals(await cat.stderr.next(), "ready");
  await cat.write("one\n");
  assertEquals(await cat.stdout.next(), "got one");
  await cat.write("two\nthree\r\nfo");
  assertEquals(await cat.stdout.match(/^th/), "three");
  await cat.closeInput();
  assertEquals(await cat.stdout.rest(), ["fo"]);
  assertEquals(await cat.stdout.next(), null);
  assertEquals((await cat.status()).code, 0);
  assertEquals(cat.stdout.all, ["got one", "got two", "three", "fo"]);
});

Deno.test("a line that does not come is an error that shows what came", async () => {
  await using process = startDeno([
    "eval",
    `console.log("hello"); setInterval(() => {}, 1_000);`,
  ]);
  assertEquals(await process.stdout.next(), "hello");
  const error = await assertRejects(
    () => process.stdout.match(/world/, 20),
    DeadlineError,
  );
  assertStringIncludes(error.message, "a line of stdout like /world/");
  assertStringIncludes(error.message, "stdout has\n  hello");
  await assertRejects(() => process.status(20), DeadlineError, "hello");
});

Deno.test("a stream that breaks off is an error to who waits for its lines", async () => {
  const bytes = new TextEncoder().encode("one\nyour name? ");
  const reset = Promise.withResolvers<void>();
  const lines = new Lines(
    "the chat",
    new ReadableStream({
      start: (controller) => controller.enqueue(bytes),
      pull: (controller) =>
        reset.promise.then(() => controller.error(new Error("reset"))),
    }, { highWaterMark: 0 }),
  );
  await lines.prompt("your name? ");
  reset.resolve();
  await assertRejects(() => lines.prompt("more"), Error, "reset");
  assertEquals(await lines.next(), "one");
  await assertRejects(() => lines.next(), Error, "reset");
  await assertRejects(() => lines.rest(), Error, "reset");
});

Deno.test({
  name: "signals reach a process, and its status tells of them",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using process = startDeno([
      "eval",
      `console.log("up"); setInterval(() => {}, 1_000);`,
    ]);
    await process.stdout.next();
    process.kill("SIGINT");
    const { signal, code } = await process.status();
    assertEquals([signal, code], ["SIGINT", 130]);
    process.kill("SIGINT"); // nothing is there any more: no error
  },
});

edoTest(
  "a process is gone at the end of its block, even a stubborn one",
  async () => {
    let process: Subprocess;
    {
      await using stubborn = startDeno([
        "eval",
        `if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => {});
       console.log("up"); setInterval(() => {}, 1_000);`,
      ]);
      process = stubborn;
      await stubborn.stdout.next();
      stubborn.kill("SIGTERM");
    }
    const status = await process.status(1_000);
    assert(!status.success);
  },
);

Deno.test("nobody listens on an unused port", async () => {
  await assertRejects(
    () => Deno.connect({ hostname: "127.0.0.1", port: unusedPort() }),
    Deno.errors.ConnectionRefused,
  );
});
