import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { scryptSync } from "node:crypto";
import { waitFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { startExample, type Subprocess } from "../helpers/subprocess.ts";
import { outcomeOf } from "./support.ts";

const PATIENCE_MS = 30_000;

/** A server that runs until the end of `await using`. */
class Server implements AsyncDisposable {
  readonly process: Subprocess;
  readonly #origin: string;
  /** Closed at the end: connections that it keeps would outlive the test. */
  readonly #client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });

  private constructor(process: Subprocess, origin: string) {
    this.process = process;
    this.#origin = origin;
  }

  static async start(...args: string[]): Promise<Server> {
    const process = startExample("http_offload.ts", ["--port=0", ...args]);
    try {
      const line = await process.stdout.match(/^listening on /, PATIENCE_MS);
      return new Server(
        process,
        `http://${line.slice("listening on ".length)}`,
      );
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  async ask(path: string, init?: RequestInit): Promise<[number, string]> {
    const request = async (): Promise<[number, string]> => {
      const response = await fetch(`${this.#origin}${path}`, {
        ...init,
        client: this.#client,
      });
      return [response.status, await response.text()];
    };
    return await waitFor(request(), PATIENCE_MS, `the answer to ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.process[Symbol.asyncDispose]();
  }
}

function post(body: string): RequestInit {
  return { method: "POST", body };
}

/** Whether the server's answer is the hash of a password. */
function assertHashOf(password: string, answer: string): void {
  const parts = /^scrypt\$(\d+)\$([0-9a-f]{32})\$([0-9a-f]{64})\n$/.exec(
    answer,
  );
  assert(parts !== null, answer);
  const [cost, salt, hash] = parts.slice(1);
  const N = 2 ** Number(cost);
  const expected = scryptSync(password, Buffer.from(salt!, "hex"), 32, {
    N,
    maxmem: 2048 * N,
  });
  assertEquals(hash, expected.toString("hex"));
}

edoTest(
  "passwords are hashed, each with a salt of its own",
  async () => {
    await using server = await Server.start("--cost=10");
    const passwords = ["secret", "secret", "pässwörd", ""];
    const answers = await Promise.all(
      passwords.map((password) => server.ask("/hash", post(password))),
    );
    for (const [i, [status, text]] of answers.entries()) {
      assertEquals(status, 200);
      assertHashOf(passwords[i]!, text);
    }
    assertEquals(new Set(answers.map(([, text]) => text)).size, 4);
  },
);

edoTest(
  "other requests are answered while passwords are hashed",
  async () => {
    await using server = await Server.start("--cost=17");
    let hashing = 4;
    const hashes = Array.from({ length: hashing }, async () => {
      assertEquals((await server.ask("/hash", post("secret")))[0], 200);
      hashing--;
    });
    // Each answer is awaited before the next request: they would take turns with
    // the hashes if these were on the same thread.
    for (let i = 0; i < 10; i++) {
      assertEquals(await server.ask("/"), [200, "hello\n"]);
    }
    assert(hashing > 0);
    await Promise.all(hashes);
  },
);

edoTest("what is no request for a hash is refused", async () => {
  await using server = await Server.start();
  assertEquals(await server.ask("/else"), [404, "not here\n"]);
  assertEquals(await server.ask("/hash"), [405, "POST the password\n"]);
  const long = post("x".repeat(1_025));
  assertEquals(await server.ask("/hash", long), [413, "too long\n"]);
});

edoTest(
  "after Ctrl-C the hash that is under way is answered, and the server ends",
  async () => {
    await using server = await Server.start("--cost=16");
    const [[status, answer]] = await Promise.all([
      server.ask("/hash", post("secret")),
      (async () => {
        // A request that was sent later is answered: the other one is there, too.
        await server.ask("/");
        await server.ask("/");
        server.process.kill("SIGINT");
      })(),
    ]);
    assertEquals(status, 200);
    assertHashOf("secret", answer);
    const { code, signal } = await server.process.status(PATIENCE_MS);
    assertEquals([code, signal], [0, null]);
    assertEquals(await server.process.stdout.rest(), ["stopped"]);
    assertEquals(server.process.stderr.all, []);
  },
);

edoTest(
  "in its own comparison the server answers sooner with workers",
  async () => {
    const { code, stdout, stderr } = await outcomeOf(
      "http_offload.ts",
      "compare",
    );
    assertEquals([code, stderr], [0, []]);
    const answers = ["by workers", "by the server's thread"].map((who, i) => {
      const parts =
        /^(.*): (\d+) answers meanwhile, the slowest after [\d.]+ ms$/
          .exec(stdout[i]!);
      assertEquals(parts?.[1], who, stdout[i]);
      return Number(parts![2]);
    });
    // Its own thread has time for no more than one or two between two hashes.
    assert(answers[0]! > 2 * answers[1]!, stdout.join("\n"));
  },
);

edoTest("http_offload.ts tells how it is called", async () => {
  const wrong = await outcomeOf("http_offload.ts", "--cost=21");
  assertEquals(wrong, {
    code: 2,
    stdout: [],
    stderr: [
      '--cost is "21": expected a whole number from 1 to 20 (--help tells more)',
    ],
  });
  const help = await outcomeOf("http_offload.ts", "--help");
  assertEquals(help.code, 0);
  assertMatch(help.stdout.join("\n"), /run .*\n.*\ncompare /);
});
