/**
 * An HTTP server of Deno's that has passwords hashed by workers, and answers other
 * requests meanwhile.
 *
 *     deno run --allow-ffi --allow-net --allow-read examples/http_offload.ts
 *     curl http://127.0.0.1:8000/
 *     curl --data secret http://127.0.0.1:8000/hash
 *
 * With `compare` it measures itself: with hashes on workers, and on its own thread.
 *
 * @module
 */
import { randomBytes, scryptSync } from "node:crypto";
import { ctrlC, spawn, task } from "../mod.ts";
import { formatAddress } from "./lib/address.ts";
import { exitWith, numberFlag, parseCommandLine } from "./lib/command_line.ts";

const USAGE = `http_offload.ts [run | compare] [flags]

run      serve until Ctrl-C (the default): GET / greets,
         POST /hash answers with the hash of the body
compare  tell how long GET / waits while passwords are hashed,
         by workers and by the server's own thread

--hostname  the address to listen on                127.0.0.1
--port      the port; 0 takes a free one            8000
--cost      scrypt's, a power of two as exponent:
            one more takes twice as long            15`;

/** What scrypt needs: 128 bytes by its block size of 8 and by the cost. */
const BYTES_PER_COST = 128 * 8;
const HASH_BYTES = 32;
/** A password need not be longer. */
const MAX_PASSWORD_BYTES = 1024;

/** Hashes a password: work for a processor, and as long as it takes. */
export const hash = task(
  import.meta,
  function hash(password: string, salt: Uint8Array, cost: number): string {
    const N = 2 ** cost;
    const maxmem = 2 * BYTES_PER_COST * N;
    return scryptSync(password, salt, HASH_BYTES, { N, maxmem }).toString(
      "hex",
    );
  },
);

type Hash = (
  password: string,
  salt: Uint8Array,
  cost: number,
) => PromiseLike<string> | string;

/** The one line that matters: outside of a runtime there is a default one. */
const hashOnWorker: Hash = (...args) => spawn(hash, ...args);

async function answer(
  request: Request,
  hash: Hash,
  cost: number,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/") return new Response("hello\n");
  if (pathname !== "/hash") return new Response("not here\n", { status: 404 });
  if (request.method !== "POST") {
    return new Response("POST the password\n", { status: 405 });
  }
  if (!(Number(request.headers.get("content-length")) <= MAX_PASSWORD_BYTES)) {
    return new Response("too long\n", { status: 413 });
  }
  const password = await request.text();
  const salt = randomBytes(16);
  const hashed = await hash(password, salt, cost);
  return new Response(`scrypt$${cost}$${salt.toString("hex")}$${hashed}\n`);
}

function serve(
  { hostname, port, cost }: Options,
  hash: Hash,
): Deno.HttpServer<Deno.NetAddr> {
  // What it would print by itself comes too soon, see `run`.
  return Deno.serve(
    { hostname, port, onListen: () => {} },
    (request) => answer(request, hash, cost),
  );
}

interface Options {
  readonly hostname: string;
  readonly port: number;
  readonly cost: number;
}

async function run(options: Options): Promise<void> {
  const server = serve(options, hashOnWorker);
  // It listens for Ctrl-C from here on; then requests that are under way still
  // get their answers.
  const stopped = ctrlC().then(() => server.shutdown());
  console.log(`listening on ${formatAddress(server.addr)}`);
  await stopped;
  console.log("stopped");
}

/** How many passwords are hashed in a comparison. */
const PASSWORDS = 8;

/** Tells how long GET / took at most while passwords were hashed. */
async function slowest(options: Options, hash: Hash): Promise<string> {
  const server = serve({ ...options, port: 0 }, hash);
  const origin = `http://${formatAddress(server.addr)}`;
  const ask = async (path: string, init?: RequestInit) =>
    await (await fetch(`${origin}${path}`, init)).text();
  await ask("/hash", { method: "POST", body: "warm up" });

  let hashing = PASSWORDS;
  const hashes = Array.from({ length: PASSWORDS }, async (_, i) => {
    await ask("/hash", { method: "POST", body: `password ${i}` });
    hashing--;
  });
  let answers = 0;
  let slowest = 0;
  while (hashing > 0) {
    const start = performance.now();
    await ask("/");
    slowest = Math.max(slowest, performance.now() - start);
    answers++;
  }
  await Promise.all(hashes);
  await server.shutdown();
  return `${answers} answers meanwhile, the slowest after ` +
    `${slowest.toFixed(1)} ms`;
}

async function compare(options: Options): Promise<void> {
  console.log(`by workers: ${await slowest(options, hashOnWorker)}`);
  console.log(`by the server's thread: ${await slowest(options, hash)}`);
}

async function main(): Promise<void> {
  const { command, flags } = parseCommandLine(
    Deno.args,
    ["run", "compare"],
    { "hostname": "127.0.0.1", "port": "8000", "cost": "15" },
  );
  const options: Options = {
    hostname: flags["hostname"]!,
    port: numberFlag(flags, "port", { min: 0, max: 65_535, whole: true }),
    cost: numberFlag(flags, "cost", { min: 1, max: 20, whole: true }),
  };
  await (command === "compare" ? compare(options) : run(options));
}

if (import.meta.main) exitWith(main, USAGE);
