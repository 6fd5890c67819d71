import { assertEquals } from "@std/assert";
import { addressOf, EchoClient } from "../helpers/echo_server.ts";
import { edoTest } from "../helpers/leaks.ts";
import {
  README_FLAGS,
  ROOT,
  startDeno,
  type Subprocess,
} from "../helpers/subprocess.ts";
import { onWindows } from "./support.ts";

/** With a console of its own, see there. */
const OWN_CONSOLE = "--preload=tests/windows/own_console.ts";

/** `STATUS_CONTROL_C_EXIT`, as Deno has exit codes: signed. */
const CONTROL_C_EXIT = 0xC000_013A | 0;

/** How long anything may take, with others on the machine, in milliseconds. */
const PATIENCE_MS = 30_000;

async function pressCtrlC({ pid }: Subprocess): Promise<void> {
  const program = "tests/windows/press_ctrl_c.ts";
  await using press = startDeno(["run", "-A", program, `${pid}`]);
  assertEquals((await press.status(PATIENCE_MS)).code, 0);
}

/** Ways to run a program's `main`. */
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

/** A test of a program whose output ends with "over" if it gets there. */
function programTest(
  name: string,
  main: string,
  fn: (program: Subprocess) => Promise<void>,
): void {
  for (const [way, call] of Object.entries(WAYS)) {
    edoTest(`${name} [${way}]`, async () => {
      const flags = ["-A", "--no-config", OWN_CONSOLE];
      await using program = startDeno(["run", ...flags, "-"]);
      const edo = JSON.stringify(new URL("mod.ts", ROOT).href);
      await program.write(`
        import * as edo from ${edo};
        const { ctrlC, select, spawn, time, yieldNow } = edo;
        function* main() { ${main} }
        ${call}
        console.log("over");`);
      await program.closeInput();
      await fn(program);
    }, onWindows);
  }
}

programTest(
  "Ctrl-C completes its future on Windows, and the next press the next one",
  `for (let round = 1; round <= 2; round++) {
    const waiting = spawn(ctrlC());
    yield* yieldNow();
    console.log("waiting " + round);
    yield* waiting;
  }`,
  async (program) => {
    for (let round = 1; round <= 2; round++) {
      await program.stdout.match(RegExp(`^waiting ${round}$`), PATIENCE_MS);
      await pressCtrlC(program);
    }
    assertEquals((await program.status(PATIENCE_MS)).code, 0);
    assertEquals(await program.stdout.rest(), ["over"]);
  },
);

programTest(
  "a second Ctrl-C on Windows ends a program that takes its time after the first",
  `spawn(function* () {
    yield* yieldNow();
    console.log("ready");
  });
  yield* ctrlC();
  console.log("stopping");
  yield* time.sleep(600_000);`,
  async (program) => {
    await program.stdout.match(/^ready$/, PATIENCE_MS);
    await pressCtrlC(program);
    await program.stdout.match(/^stopping$/, PATIENCE_MS);
    await pressCtrlC(program);
    assertEquals((await program.status(PATIENCE_MS)).code, CONTROL_C_EXIT);
  },
);

programTest(
  "once its future was cancelled, Ctrl-C on Windows ends the process as before",
  `yield* select(ctrlC(), time.sleep(1));
  spawn(ctrlC()).abort();
  yield* time.sleep(1);
  console.log("ready");
  yield* time.sleep(600_000);`,
  async (program) => {
    await program.stdout.match(/^ready$/, PATIENCE_MS);
    await pressCtrlC(program);
    assertEquals((await program.status(PATIENCE_MS)).code, CONTROL_C_EXIT);
    assertEquals(await program.stdout.rest(), []);
  },
);

edoTest(
  "Ctrl-C on Windows ends the echo server at once and without a word, with clients connected too",
  async () => {
    const program = "examples/echo_server.ts";
    const flags = ["run", ...README_FLAGS, OWN_CONSOLE];
    await using server = startDeno([...flags, program, "--port=0"]);
    using client = await EchoClient.connect(await addressOf(server));
    await client.echo("still here");
    await pressCtrlC(server);
    assertEquals((await server.status(PATIENCE_MS)).code, CONTROL_C_EXIT);
    assertEquals(await server.stdout.rest(), []);
    assertEquals(await server.stderr.rest(), []);
    await client.end();
  },
  onWindows,
);
