import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { addressOf, EchoClient, EchoServer } from "../helpers/echo_server.ts";
import { waitFor } from "../helpers/deadline.ts";
import { countDescriptors } from "../helpers/proc.ts";
import { startDeno, Subprocess } from "../helpers/subprocess.ts";
import { unusedPort } from "../helpers/unused_port.ts";
import { RawPeer } from "../net/support.ts";
import { exampleTest, outcomeOf } from "./support.ts";

const PATIENCE_MS = 30_000;

/** Whether this machine has IPv6. */
function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

exampleTest(
  "the first line tells the address, and there the server echoes",
  async () => {
    const commandLines = [
      ["run", "--hostname", "127.0.0.1", "--port", "0"],
      ["--port", "0"], // run is what is meant
      ["--port=0", "--hostname=localhost", "--idle-timeout=1e3"],
      ["--idle-timeout", "5", "run", "--port=0"],
    ];
    for (const args of commandLines) {
      await using server = await EchoServer.start(...args);
      const [line] = server.process.stdout.all;
      assertEquals(line, `listening on 127.0.0.1:${server.addr.port}`);
      using client = await EchoClient.connect(server.addr);
      assertEquals(await client.echo("hello"), "hello");
      assertEquals(server.process.stderr.all, []);
    }
  },
);

exampleTest("it listens on the port that it is told", async () => {
  const port = unusedPort();
  await using server = await EchoServer.start("--port", String(port));
  assertEquals(server.addr, { transport: "tcp", hostname: "127.0.0.1", port });
});

exampleTest(
  "an IPv6 address stands in brackets, with and without them on the command line",
  async () => {
    for (const hostname of ["::1", "[::1]"]) {
      await using server = await EchoServer.start(
        ...["--hostname", hostname, "--idle-timeout", "0.2"],
      );
      assertMatch(server.process.stdout.all[0]!, /^listening on \[::1\]:\d+$/);
      using client = await EchoClient.connect(server.addr);
      assertEquals(await client.echo("hello, six"), "hello, six");
      await client.end();
      const line = await server.process.stderr.next();
      assertEquals(line, `client timed out ${client.address}`);
      assertMatch(line!, /^client timed out \[::1\]:\d+$/);
    }
  },
  { ignore: !hasIpv6() },
);

exampleTest(
  "several sessions typed in turn each get their own echo at once",
  async () => {
    await using server = await EchoServer.start();
    const clients: EchoClient[] = [];
    const times: number[] = [];
    try {
      for (let i = 0; i < 4; i++) {
        clients.push(await EchoClient.connect(server.addr));
      }
      for (let round = 0; round < 5; round++) {
        for (const [i, client] of clients.entries()) {
          const line = `line ${round} of client ${i}`;
          const start = performance.now();
          assertEquals(await client.echo(line), line);
          times.push(performance.now() - start);
        }
      }
    } finally {
      for (const client of clients) client.close();
    }
    assert(Math.min(...times) < 100, `${times} ms`);
    assertEquals(server.process.stderr.all, []);
  },
);

exampleTest(
  "a silent client is dropped after the idle time, not before, and one that talks is not",
  async () => {
    await using server = await EchoServer.start("--idle-timeout", "1");
    const before = await server.warmUp();
    using talker = await EchoClient.connect(server.addr);
    const start = performance.now();
    using silent = await EchoClient.connect(server.addr);
    const dropped = silent.end();
    // For longer than the idle time, in pauses that are much shorter.
    for (let i = 0; i < 15; i++) {
      assertEquals(await talker.echo(`${i}`), `${i}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await dropped;
    assert(performance.now() - start >= 1_000);
    const { stderr } = server.process;
    assertEquals(await stderr.next(), `client timed out ${silent.address}`);
    await talker.end(); // now it was silent too
    assertEquals(await stderr.next(), `client timed out ${talker.address}`);
    await server.hasDescriptors(before);
  },
);

exampleTest(
  "a client that sends and never reads is dropped after the idle time as well",
  async () => {
    await using server = await EchoServer.start("--idle-timeout", "0.3");
    const before = await server.warmUp();
    using client = await EchoClient.connect(server.addr);
    const { address } = client;
    const chunk = new Uint8Array(1024 * 1024);
    const flood = async () => {
      for (;;) await client.send(chunk);
    };
    const error = await assertRejects(() =>
      waitFor(flood(), PATIENCE_MS, "the server to drop the client")
    );
    assertMatch(String(error), /BrokenPipe|ConnectionReset/);
    const line = await server.process.stderr.next();
    assertEquals(line, `client timed out ${address}`);
    await server.hasDescriptors(before);
  },
);

exampleTest(
  "a client that is killed, one that resets and one that goes without a byte leave nothing",
  async () => {
    await using server = await EchoServer.start();
    const before = await server.warmUp();
    const { hostname, port } = server.addr;
    await using killed = startDeno([
      "eval",
      `const connection = await Deno.connect({ hostname: "${hostname}", port: ${port} });
       await connection.write(new TextEncoder().encode("hello"));
       const n = await connection.read(new Uint8Array(100));
       console.log("echoed", n);
       await connection.read(new Uint8Array(100));`,
    ]);
    assertEquals(await killed.stdout.next(PATIENCE_MS), "echoed 5");
    assertEquals(countDescriptors(server.process.pid), before + 1);
    killed.kill("SIGKILL");
    await killed.status();
    await server.hasDescriptors(before);

    using resets = RawPeer.connect(server.addr);
    resets.send("some bytes, then RST");
    await server.hasDescriptors(before + 1);
    resets.reset();
    await server.hasDescriptors(before);

    const goes = RawPeer.connect(server.addr);
    await server.hasDescriptors(before + 1);
    goes[Symbol.dispose]();
    await server.hasDescriptors(before);
    assertEquals(server.process.stderr.all, []);
  },
);

exampleTest(
  "a server that has no descriptors left serves those who wait when others have gone",
  async () => {
    const limit = 150;
    const flags = "--allow-ffi --allow-net --allow-read";
    await using server = new Subprocess("bash", [
      "-c",
      `ulimit -n ${limit} &&
       exec '${Deno.execPath()}' run ${flags} examples/echo_server.ts --port 0`,
    ]);
    const addr = await addressOf(server);
    const clients: EchoClient[] = [];
    try {
      while (clients.length < 2 * limit) {
        clients.push(await EchoClient.connect(addr));
      }
      await Promise.all(clients.map(async (client, i) => {
        assertEquals(await client.echo(`client ${i}`), `client ${i}`);
        client.close();
      }));
    } finally {
      for (const client of clients) client.close();
    }
    assertEquals(server.stderr.all, []);
  },
);

exampleTest(
  "Ctrl-C ends it at once and without a word, with clients connected too",
  async () => {
    await using server = await EchoServer.start();
    using client = await EchoClient.connect(server.addr);
    await client.echo("still here");
    server.process.kill("SIGINT");
    const { signal, code } = await server.process.status();
    assertEquals([signal, code], ["SIGINT", 130]);
    assertEquals(await server.process.stdout.rest(), []);
    assertEquals(await server.process.stderr.rest(), []);
    await client.end();
  },
);

/**
 * Presses Ctrl-C on a command in a shell, and returns the exit code that the shell
 * sees and what went to stderr. A terminal sends the signal to all processes of the
 * job; `set -m` makes the command a job with a process group of its own.
 */
async function interrupt(command: string): Promise<[string, string[]]> {
  const script = `set -m
    ${command} &
    read -r _
    kill -INT -- -$!
    wait $!
    echo "code $?"`;
  await using shell = new Subprocess("bash", ["-c", script]);
  const { stdout } = shell;
  try {
    assertMatch((await stdout.next(PATIENCE_MS))!, /^listening on 127.0.0.1:/);
  } finally {
    await shell.write("\n"); // the job has to end in any case
  }
  const code = await stdout.match(/^code /);
  await shell.status();
  const stderr = await shell.stderr.rest();
  // The shell tells of its job: "[1]+  Interrupt   deno run".
  return [code, stderr.filter((line) => !line.startsWith("[1]+ "))];
}

exampleTest("after Ctrl-C a shell sees the exit code 130", async () => {
  const deno = `'${Deno.execPath()}'`;
  const [code, stderr] = await interrupt(
    `${deno} run --allow-ffi --allow-net --allow-read examples/echo_server.ts --port 0`,
  );
  assertEquals([code, stderr], ["code 130", []]);
});

exampleTest("after Ctrl-C on `deno task echo-server` too", async () => {
  const deno = `'${Deno.execPath()}'`;
  const [code, stderr] = await interrupt(`${deno} task echo-server --port 0`);
  assertEquals(code, "code 130");
  // Only what `deno task` itself says: which command it runs.
  assertEquals(stderr.length, 1, stderr.join("\n"));
  assertMatch(stderr[0]!, /^Task echo-server deno run /);
});

exampleTest(
  "what is wrong with the command line is told in a line that names it, with exit code 2",
  async () => {
    const range = "expected a whole number from 0 to 65535";
    const flags =
      "expected --hostname, --port, --idle-timeout, --workers, --reuse-port";
    const workers = "expected a whole number from 0 to 64";
    const wrong: [string[], string][] = [
      [["--port", "x"], `--port is "x": ${range}`],
      [["--port", "65536"], `--port is "65536": ${range}`],
      [["--port=-1"], `--port is "-1": ${range}`],
      [["--port=1.5"], `--port is "1.5": ${range}`],
      [["--port="], "--port needs a value"],
      [["run", "--port"], "--port needs a value"],
      [["--port", "--idle-timeout", "3"], "--port needs a value"],
      [["--hostname", ""], "--hostname needs a value"],
      [["--speed", "9"], `unknown flag "--speed": ${flags}`],
      [["-p", "8080"], `unknown flag "-p": ${flags}`],
      [["--workers", "65"], `--workers is "65": ${workers}`],
      [["--workers=-1"], `--workers is "-1": ${workers}`],
      [["--reuse-port=2", "--workers=2"], "--reuse-port takes no value"],
      [["--reuse-port"], "--reuse-port needs --workers, who share the port"],
      [["serve"], 'unknown command "serve": expected run, test'],
      [["run", "test"], 'unknown command "test": expected run, test'],
    ];
    for (const value of ["0", "-3", "soon", "NaN", "Infinity"]) {
      wrong.push([
        ["--idle-timeout", value],
        `--idle-timeout is "${value}": expected a number from 0.001 to 1000000000`,
      ]);
    }
    await Promise.all(wrong.map(async ([args, message]) => {
      const outcome = await outcomeOf("echo_server.ts", ...args);
      assertEquals(outcome, {
        code: 2,
        stdout: [],
        stderr: [`${message} (--help tells more)`],
      });
    }));
  },
);

exampleTest(
  "a port in use, or an address that cannot be listened on, is told in a line, with exit code 1",
  async () => {
    await using server = await EchoServer.start();
    const { port } = server.addr;
    const taken = await outcomeOf("echo_server.ts", "--port", String(port));
    assertEquals(taken, {
      code: 1,
      stdout: [],
      stderr: [
        `Cannot listen on 127.0.0.1:${port}: address already in use ` +
        "(EADDRINUSE from bind)",
      ],
    });
    const flags = ["--hostname", "no.such.host", "--port", "0"];
    const unknown = await outcomeOf("echo_server.ts", ...flags);
    assertEquals([unknown.code, unknown.stdout.length], [1, 0]);
    assertEquals(unknown.stderr.length, 1);
    assertMatch(unknown.stderr[0]!, /^Cannot listen on no\.such\.host:0: /);
    using client = await EchoClient.connect(server.addr);
    assertEquals(await client.echo("not disturbed"), "not disturbed");
  },
);

exampleTest(
  "`deno task echo-server` with no flags listens on 127.0.0.1:8080",
  async () => {
    await using server = startDeno(["task", "echo-server"]);
    let line: string | null;
    try {
      // Another program may have the port; then the error tells that it was tried.
      line = await server.stdout.next(PATIENCE_MS) ??
        (await server.stderr.rest()).at(-1)!;
    } finally {
      // `deno task` hands this on to the server, which SIGKILL would leave running.
      server.kill("SIGTERM");
      await server.status();
    }
    assertMatch(line, /^(listening on|Cannot listen on) 127\.0\.0\.1:8080\b/);
  },
);

exampleTest("`test` tells what it checked, and ends with 0", async () => {
  const { code, stdout, stderr } = await outcomeOf("echo_server.ts", "test");
  assertEquals(stdout, [
    "ok: a client gets back what it sends",
    "ok: 100 clients at once each get their own back",
    "ok: 1 MiB in one go comes back whole",
    "ok: a client that ends its side still gets the rest",
    "ok: a silent client is dropped",
    "echo server: 5 checks passed",
  ]);
  assertEquals(stderr.length, 1, stderr.join("\n"));
  assertMatch(stderr[0]!, /^client timed out 127\.0\.0\.1:\d+$/);
  assertEquals(code, 0);
});

exampleTest(
  "--help names the commands, the flags and the defaults",
  async () => {
    for (
      const args of [["--help"], ["run", "--help"], ["--port=x", "--help"]]
    ) {
      const outcome = await outcomeOf("echo_server.ts", ...args);
      assertEquals([outcome.code, outcome.stderr], [0, []]);
      const text = outcome.stdout.join("\n");
      for (const word of ["run", "test", "127.0.0.1", "8080", "--workers"]) {
        assert(text.includes(word), `${word} is not in\n${text}`);
      }
      assertMatch(text, /--hostname .*\n--port .*\n--idle-timeout /);
    }
  },
);
