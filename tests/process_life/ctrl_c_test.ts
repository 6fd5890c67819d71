import { assert, assertEquals } from "@std/assert";
import { block_on, ctrlC, join, run, select, spawn, time } from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import type { Subprocess } from "../helpers/subprocess.ts";
import { ROOT } from "../helpers/subprocess.ts";
import { interruptUntilEnd, outputOf, startProgram } from "./support.ts";

/** How a program runs `main`. */
const WAYS: Record<string, string> = {
  "block_on": "edo.block_on(main);",
  "block_on, notifier": `
    const { overrideBackend } = await import(${
    JSON.stringify(new URL("src/reactor/select_backend.ts", ROOT).href)
  });
    overrideBackend("notifier");
    edo.block_on(main);`,
  "run": "await edo.run(main);",
};

/** A test of a program, once for each way to run it. */
function signalTest(
  name: string,
  main: string,
  fn: (process: Subprocess) => Promise<void>,
  ways: string[] = Object.keys(WAYS),
): void {
  for (const way of ways) {
    edoTest(`${name} [${way}]`, async () => {
      await using process = await startProgram(`
        const { ctrlC, join, net, select, spawn, time, yieldNow } = edo;
        function* main() { ${main} }
        ${WAYS[way]}
        console.log("over");`);
      await fn(process);
    });
  }
}

signalTest(
  "Ctrl-C completes the future, and the program ends as it likes",
  `try {
    spawn(function* () {
      yield* yieldNow();
      console.log("ready");
    });
    yield* ctrlC();
    console.log("heard");
  } finally {
    console.log("cleaned up");
  }`,
  async (process) => {
    await process.stdout.match(/ready/);
    process.kill("SIGINT");
    assertEquals((await process.status()).code, 0);
    assertEquals(await outputOf(process), [
      "ready",
      "heard",
      "cleaned up",
      "over",
    ]);
  },
);

signalTest(
  "one Ctrl-C completes all futures that wait",
  `const tasks = [1, 2, 3].map((n) => spawn(function* () {
    yield* ctrlC();
    return n;
  }));
  spawn(function* () {
    yield* time.sleep(1);
    console.log("ready");
  });
  const all = yield* join(ctrlC(), ctrlC(), ...tasks);
  console.log(all.slice(2).join());`,
  async (process) => {
    await process.stdout.match(/ready/);
    process.kill("SIGINT");
    assertEquals((await process.status()).code, 0);
    assertEquals(await outputOf(process), ["ready", "1,2,3", "over"]);
  },
);

signalTest(
  "a future made after a Ctrl-C waits for the next one",
  `for (let round = 1; round <= 3; round++) {
    const waiting = spawn(ctrlC());
    yield* yieldNow();
    console.log("waiting " + round);
    yield* waiting;
  }`,
  async (process) => {
    for (let round = 1; round <= 3; round++) {
      await process.stdout.match(new RegExp(`waiting ${round}`));
      process.kill("SIGINT");
    }
    assertEquals((await process.status()).code, 0);
    assertEquals((await outputOf(process)).at(-1), "over");
  },
);

signalTest(
  "a second Ctrl-C ends a program that takes its time after the first",
  `spawn(function* () {
    yield* yieldNow();
    console.log("ready");
  });
  yield* ctrlC();
  console.log("stopping");
  yield* time.sleep(600_000);`,
  async (process) => {
    await process.stdout.match(/ready/);
    process.kill("SIGINT");
    await process.stdout.match(/stopping/);
    const { code, signal } = await interruptUntilEnd(process);
    assertEquals([code, signal], [130, "SIGINT"]);
  },
);

signalTest(
  "a second Ctrl-C ends a program that never comes to see the first",
  `spawn(ctrlC());
  yield* yieldNow();
  console.log("ready");
  while (true);`,
  async (process) => {
    await process.stdout.match(/ready/);
    const { code, signal } = await interruptUntilEnd(process);
    assertEquals([code, signal], [130, "SIGINT"]);
  },
  ["block_on", "block_on, notifier"],
);

signalTest(
  "once a future was cancelled, Ctrl-C ends the process as before",
  `yield* select(ctrlC(), time.sleep(1));
  spawn(ctrlC()).abort();
  yield* time.sleep(1);
  console.log("ready");
  yield* time.sleep(600_000);`,
  async (process) => {
    await process.stdout.match(/ready/);
    const { code, signal } = await interruptUntilEnd(process);
    assertEquals([code, signal], [130, "SIGINT"]);
  },
);

signalTest(
  "a loop that waits for Ctrl-C beside something else loses none",
  `let heard = 0;
  let isNew = true;
  while (heard < 20) {
    const { index } = yield* select(yieldNow(), ctrlC());
    // Told in a later round: by then the next one is waited for.
    if (isNew) console.log("heard " + heard);
    isNew = index === 1;
    if (isNew) heard++;
  }`,
  async (process) => {
    for (let heard = 0; heard < 20; heard++) {
      await process.stdout.match(new RegExp(`^heard ${heard}$`));
      process.kill("SIGINT");
    }
    assertEquals((await process.status()).code, 0);
    assertEquals((await outputOf(process)).length, 21);
  },
);

signalTest(
  "a server stops gracefully: it takes no more clients and ends with those it has",
  `function* echo(stream) {
    using _ = stream;
    const buffer = new Uint8Array(16);
    let n;
    while ((n = yield* stream.read(buffer)) !== null) {
      yield* stream.writeAll(buffer, n);
    }
    console.log("served");
  }
  const clients = [];
  function* serve(listener) {
    while (true) {
      clients.push(spawn(echo, yield* listener.accept()));
      console.log("accepted");
    }
  }
  {
    using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    spawn(function* () {
      yield* yieldNow();
      console.log("listening " + listener.addr.port);
    });
    yield* select(ctrlC(), serve(listener));
  }
  console.log("stopping");
  yield* join(...clients);`,
  async (process) => {
    const line = await process.stdout.match(/^listening \d+$/);
    const port = Number(line.split(" ")[1]);
    using client = await Deno.connect({ hostname: "127.0.0.1", port });
    await process.stdout.match(/^accepted$/);
    process.kill("SIGINT");
    await process.stdout.match(/^stopping$/);
    // Nobody listens there any more, but the client is served.
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    await client.write(new TextEncoder().encode("hello"));
    const buffer = new Uint8Array(16);
    assertEquals(await client.read(buffer), 5);
    await client.closeWrite();
    assertEquals((await process.status()).code, 0);
    assertEquals((await outputOf(process)).slice(-2), ["served", "over"]);
  },
  ["block_on", "run"],
);

edoTest("Ctrl-C ends the process once block_on has returned", async () => {
  await using process = await startProgram(`
    edo.block_on(function* () {
      edo.spawn(edo.ctrlC());
      yield* edo.time.sleep(1);
    });
    console.log("ready");
    await edo.time.sleep(600_000);`);
  await process.stdout.match(/ready/);
  const { code, signal } = await interruptUntilEnd(process);
  assertEquals([code, signal], [130, "SIGINT"]);
});

edoTest("awaited in ordinary code it keeps the process alive", async () => {
  await using process = await startProgram(`
    // The wait begins in the promise jobs before.
    setTimeout(() => console.log("ready"), 0);
    await edo.ctrlC();
    console.log("heard");`);
  await process.stdout.match(/ready/);
  process.kill("SIGINT");
  assertEquals((await process.status()).code, 0);
  assertEquals((await outputOf(process)).at(-1), "heard");
});

edoTest("the process ends by itself when nobody waits any more", async () => {
  await using process = await startProgram(`
    const { ctrlC, run, select, spawn, time } = edo;
    ctrlC();
    await select(ctrlC(), time.sleep(1));
    await run(function* () {
      spawn(ctrlC());
      yield* time.sleep(1);
    });
    edo.block_on(select(ctrlC(), time.sleep(1)));
    edo.block_on(function* () {
      spawn(ctrlC());
      yield* time.sleep(1);
    });
    console.log("over");`);
  assertEquals((await process.status()).code, 0);
  assertEquals(await outputOf(process), ["over"]);
  assertEquals(process.stderr.all, []);
});

edoTest("inside block_on it says that it needs read permission", async () => {
  await using process = await startProgram(
    `for (const start of [edo.block_on, edo.run]) {
      try {
        await start(function* () {
          yield* edo.select(edo.ctrlC(), edo.time.sleep(1));
        });
        console.log("fine");
      } catch (error) {
        console.log(String(error));
      }
    }`,
    ["--allow-ffi"],
  );
  assertEquals((await process.status()).code, 0);
  const [blocking, hosted] = await outputOf(process);
  assert(
    blocking?.startsWith("NotCapable: Cannot wait for Ctrl-C inside block_on"),
    blocking,
  );
  assertEquals(hosted, "fine");
});

// The first listener has Deno open what it keeps for all later ones.
const nothing = () => {};
Deno.addSignalListener("SIGINT", nothing);
Deno.removeSignalListener("SIGINT", nothing);

edoTest("inside block_on it leaves no thread behind", () => {
  for (let round = 0; round < 2; round++) {
    block_on(function* () {
      yield* select(ctrlC(), time.sleep(1));
      yield* time.sleep(2);
      yield* select(join(ctrlC(), ctrlC()), time.sleep(1));
      spawn(ctrlC());
      yield* time.sleep(1);
    });
  }
});

edoTest("inside run it leaves no listener behind", async () => {
  await run(function* () {
    yield* select(ctrlC(), time.sleep(1));
    spawn(ctrlC());
    yield* time.sleep(1);
  });
  await run(select(ctrlC(), time.sleep(1)));
  await select(ctrlC(), time.sleep(1));
});
