import { assert, assertEquals } from "@std/assert";
import { rtTest } from "./flavours.ts";
import { runProgram } from "./program.ts";

rtTest(
  "the thread is idle while a hosted runtime has nothing to do",
  async () => {
    const { stdout } = await runProgram(`
    import { net, run, select, time } from "edo";
    await run(function* () {
      using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
      let best = Infinity;
      for (let i = 0; i < 4; i++) {
        const before = process.cpuUsage();
        // Nothing but time shows that nothing is done.
        yield* select(listener.accept(), time.sleep(100));
        const { user, system } = process.cpuUsage(before);
        best = Math.min(best, (user + system) / 1000);
      }
      console.log(best);
    });
  `);
    const best = Number(stdout);
    assert(best < 50, `${best} ms of CPU time in 100 ms`);
  },
);

rtTest("the process ends by itself once nothing is pending", async () => {
  const { code, stdout, stderr } = await runProgram(`
    import { join, net, run, select, spawn, time } from "edo";
    await run(function* () {
      spawn(() => time.sleep(600_000));
      const listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
      // Long enough for it to wait off the thread.
      yield* select(listener.accept(), time.sleep(20));
      yield* time.timeout(600_000, time.sleep(1));
    });
    await select(time.sleep(1), time.sleep(600_000));
    await join(time.sleep(1), time.sleep(2));
    console.log("over");
  `);
  assertEquals([code, stdout, stderr], [0, "over\n", ""]);
});

rtTest(
  "a listener that nobody waits at does not keep the process alive",
  async () => {
    const { code, stdout, stderr } = await runProgram(`
    import { net, run, select, time } from "edo";
    // Opened outside of run: it belongs to nobody but the user.
    const listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    // Long enough for it to wait off the thread.
    await select(listener.accept(), time.sleep(20));
    console.log("over");
  `);
    assertEquals([code, stdout, stderr], [0, "over\n", ""]);
  },
);

rtTest(
  "a pending sleep keeps the process alive until it is over",
  async () => {
    const { code, stdout } = await runProgram(`
    import { run, time } from "edo";
    run(function* () {
      yield* time.sleep(30);
      console.log("slept");
    });
    (async () => { await time.sleep(60); console.log("awaited"); })();
  `);
    assertEquals([code, stdout], [0, "slept\nawaited\n"]);
  },
);

rtTest(
  "an accept that is awaited keeps the process alive until it is over",
  async () => {
    const { code, stdout, stderr } = await runProgram(`
    import { net, run } from "edo";
    const listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    const accepted = (async () => (await listener.accept()).close())();
    accepted.then(() => console.log("accepted"));
    // Later than a process with nothing to keep it alive would have ended.
    const timer = setTimeout(async () => {
      const stream = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
      stream.close();
    }, 50);
    Deno.unrefTimer(timer); // it alone would not keep the process alive
  `);
    assertEquals([code, stdout, stderr], [0, "accepted\n", ""]);
  },
);

rtTest(
  "an uncaught rejection of run ends the process with its error",
  async () => {
    const { code, stderr } = await runProgram(`
    import { run, time } from "edo";
    run(function* () {
      yield* time.sleep(1);
      throw new RangeError("nobody caught it");
    });
  `);
    assertEquals(code, 1);
    assert(stderr.includes("RangeError: nobody caught it"), stderr);
  },
);
