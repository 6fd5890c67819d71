import { assert, assertEquals, assertMatch } from "@std/assert";
import { pollFor } from "../helpers/deadline.ts";
import { countDescriptors } from "../helpers/proc.ts";
import { DELAY_MS, DelayServer, exampleTest, outcomeOf } from "./support.ts";

/** Sends raw bytes and returns all that comes back, up to the end of the stream. */
async function converse(
  server: DelayServer,
  text: string,
  options: { half?: boolean } = {},
): Promise<string> {
  using connection = await Deno.connect({ port: server.port });
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  if (options.half) await connection.closeWrite();
  return await new Response(connection.readable).text();
}

function bodyOf(reply: string): string {
  return reply.slice(reply.indexOf("\r\n\r\n") + 4);
}

/** Whether a program is there to be run. */
function hasCommand(name: string): boolean {
  try {
    new Deno.Command(name, { stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}

async function outputOf(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args }).output();
  return new TextDecoder().decode(stdout);
}

exampleTest(
  "the delay server replies after its delay, not before",
  async () => {
    await using server = await DelayServer.start();
    const start = performance.now();
    const response = await fetch(
      `http://127.0.0.1:${server.port}/some/path?x=1`,
    );
    assert(performance.now() - start >= DELAY_MS);
    assertEquals(response.status, 200);
    const body = await response.text();
    assertEquals(body, "hello from /some/path?x=1\n");
    assertEquals(response.headers.get("content-length"), String(body.length));
  },
);

exampleTest("--delay is in milliseconds, and 0 is none", async () => {
  await using server = await DelayServer.start("--delay", "300");
  const start = performance.now();
  await converse(server, "GET / HTTP/1.0\r\n\r\n");
  assert(performance.now() - start >= 300);
  await using prompt = await DelayServer.start("--delay=0");
  assertMatch(
    await converse(prompt, "GET / HTTP/1.0\r\n\r\n"),
    /^HTTP\/1.1 200/,
  );
});

exampleTest("a connection takes one request after another", async () => {
  await using server = await DelayServer.start("--delay", "1");
  const get = (id: number, more = "") =>
    `GET /${id} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
  // The second one is sent before the first is answered, and so is the third.
  const text = get(1) + get(2) + get(3, "Connection: close\r\n") + get(4);
  const replies = await converse(server, text);
  assertEquals(replies.match(/hello from .*/g), [
    "hello from /1",
    "hello from /2",
    "hello from /3",
  ]);
  assertEquals(replies.match(/Connection: .*?(?=\r)/g), [
    "Connection: keep-alive",
    "Connection: keep-alive",
    "Connection: close",
  ]);
});

exampleTest("bodies are read and left alone, whatever their form", async () => {
  await using server = await DelayServer.start("--delay", "0");
  const url = `http://127.0.0.1:${server.port}/`;
  const large = new Uint8Array(300_000);
  const post = await fetch(url, { method: "POST", body: large });
  assertEquals(await post.text(), "hello from /\n");
  const chunked = await fetch(url, {
    method: "PUT",
    body: ReadableStream.from([large, large]),
  });
  assertEquals(await chunked.text(), "hello from /\n");
  const head = await fetch(url, { method: "HEAD" });
  assertEquals(head.headers.get("content-length"), "13");
  assertEquals(await head.text(), "");
  const expecting = await converse(
    server,
    "POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" +
      "Connection: close\r\n\r\nab",
  );
  assertMatch(expecting, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
});

const NOT_HTTP: Record<string, [string, RegExp]> = {
  "a word": ["hello\n", /got "hello"/],
  "a version that is not 1": ["GET / HTTP/3.0\r\n\r\n", /Expected "GET \/path/],
  "the start of TLS": ["\x16\x03\x01\x02", /not HTTP/],
  "a header without a colon": ["GET / HTTP/1.1\r\nwhat\r\n\r\n", /got "what"/],
  "an endless line": [`GET /${"a".repeat(9_000)}`, /longer than 8192 bytes/],
  "endless headers": [
    "GET / HTTP/1.1\r\n" + "a: b\r\n".repeat(200),
    /more than 100 headers/,
  ],
  "a length that is no number": [
    "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    /"-1", not a number/,
  ],
  "a body with two lengths": [
    "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    /exclude each other/,
  ],
  "a chunk without a size": [
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    /size of a chunk/,
  ],
};

for (const [what, [text, why]] of Object.entries(NOT_HTTP)) {
  exampleTest(`${what} gets a 400 that says what is wrong`, async () => {
    await using server = await DelayServer.start();
    const reply = await converse(server, text);
    assertMatch(reply, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assertMatch(bodyOf(reply), why);
  });
}

exampleTest(
  "a request that is cut off gets a 400, a silent client nothing",
  async () => {
    await using server = await DelayServer.start();
    const reply = await converse(server, "GET / HT", { half: true });
    assertMatch(bodyOf(reply), /ends in the middle of a line/);
    assertEquals(await converse(server, "", { half: true }), "");
  },
);

/** How many sockets a process holds; on Windows, files and devices too. */
function socketsOf(pid: number): number {
  if (Deno.build.os === "windows") return countDescriptors(pid);
  const folder = `/proc/${pid}/fd`;
  let count = 0;
  for (const { name } of Deno.readDirSync(folder)) {
    try {
      if (Deno.readLinkSync(`${folder}/${name}`).startsWith("socket:")) count++;
    } catch (error) {
      // Closed since the folder was read.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return count;
}

/** Has a request answered; returns how many sockets the server has without it. */
async function warmUp({ port, process }: DelayServer): Promise<number> {
  using connection = await Deno.connect({ port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  assert(await connection.read(new Uint8Array(1_000)));
  return socketsOf(process.pid) - 1;
}

exampleTest(
  "clients leave nothing behind, the rude ones included",
  async () => {
    await using server = await DelayServer.start();
    const before = await warmUp(server);
    await Promise.all(Array.from({ length: 50 }, async (_, i) => {
      if (i % 2 === 0) return await converse(server, "GET / HTTP/1.0\r\n\r\n");
      // Gone while the server waits to reply.
      using connection = await Deno.connect({ port: server.port });
      await connection.write(
        new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
      );
    }));
    await pollFor(
      () => socketsOf(server.process.pid) === before,
      5_000,
      "the sockets of before",
    );
    assertEquals(server.process.stderr.all, []);
  },
);

exampleTest("curl gets its replies on one connection", async () => {
  await using server = await DelayServer.start();
  const url = `http://127.0.0.1:${server.port}`;
  const output = await outputOf(
    "curl",
    ...["-s", "-w", "%{num_connects} %{http_code}\n", `${url}/a`, `${url}/b`],
  );
  assertEquals(output, "hello from /a\n1 200\nhello from /b\n0 200\n");
}, { ignore: !hasCommand("curl") });

exampleTest("wrk puts it under load without a single error", async () => {
  await using server = await DelayServer.start("--delay", "1");
  const url = `http://127.0.0.1:${server.port}/`;
  const output = await outputOf("wrk", "-t1", "-c100", "-d1s", url);
  assert(Number(/(\d+) requests in/.exec(output)?.[1]) > 100, output);
  assert(!/Socket errors|Non-2xx/.test(output), output);
  const again = await converse(server, "GET /again HTTP/1.0\r\n\r\n");
  assertMatch(again, /hello from \/again/);
}, { ignore: !hasCommand("wrk") });

exampleTest(
  "what is wrong with the server's command line is told in a line",
  async () => {
    const wrong: Record<string, RegExp> = {
      "--port=x": /--port is "x": expected a whole number from 0 to 65535/,
      "--delay=-1": /--delay is "-1"/,
      "--speed=1": /unknown flag "--speed"/,
      "walk": /unknown command "walk"/,
    };
    for (const [flag, message] of Object.entries(wrong)) {
      const { code, stdout, stderr } = await outcomeOf("delay_server.ts", flag);
      assertEquals([code, stdout.length, stderr.length], [2, 0, 1]);
      assertMatch(stderr[0]!, message);
    }
    const help = await outcomeOf("delay_server.ts", "--help");
    assertEquals(help.code, 0);
    assertMatch(help.stdout.join("\n"), /--delay/);
  },
);

exampleTest("a port in use is told in a line, with exit code 1", async () => {
  await using server = await DelayServer.start();
  const { code, stderr } = await outcomeOf(
    "delay_server.ts",
    ...["--port", String(server.port)],
  );
  assertEquals([code, stderr.length], [1, 1]);
  assertMatch(stderr[0]!, /EADDRINUSE/);
});
