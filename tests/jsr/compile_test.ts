/**
 * Programs that `deno compile` has made into one file. It downloads Deno without
 * its tools for that; where it cannot, the tests are left out, unless
 * `EDO_COMPILE=must` says that they may not be.
 */
import { assert, assertEquals } from "@std/assert";
import { HAS_TCP } from "../../tools/deno.ts";
import * as edo from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import {
  README_FLAGS,
  ROOT,
  startDeno,
  Subprocess,
} from "../helpers/subprocess.ts";

/** How long it may take to find out whether the base can be downloaded. */
const PROBE_MS = 3_000;
/** Downloading it takes most of this. */
const COMPILE_MS = 180_000;
const PROGRAM_MS = 60_000;

const MUST = Deno.env.get("EDO_COMPILE") === "must";

/** Why nothing can be compiled here, or null. */
async function obstacle(): Promise<string | null> {
  if (MUST || Deno.env.has("DENORT_BIN")) return null;
  const url = `https://dl.deno.land/release/v${Deno.version.deno}/` +
    `denort-${Deno.build.target}.zip`;
  try {
    const response = await fetch(url, {
      method: "HEAD",
      signal: AbortSignal.timeout(PROBE_MS),
    });
    await response.body?.cancel();
    return response.ok ? null : `${url} answers ${response.status}`;
  } catch (error) {
    const { cause } = error as Error;
    return `${url} does not answer: ${(cause ?? error) as Error}`;
  }
}

const reason = await obstacle();
if (reason !== null) {
  console.log(
    `deno compile is not tested (EDO_COMPILE=must insists): ${reason}`,
  );
}

const MOD = JSON.stringify(new URL("mod.ts", ROOT).href);

async function compileAndRun(code: string): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "edo_compile_" });
  try {
    const source = `${folder}/main.ts`;
    const binary = `${folder}/program${
      Deno.build.os === "windows" ? ".exe" : ""
    }`;
    await Deno.writeTextFile(source, code);
    const args = [
      "compile",
      "--no-lock",
      ...README_FLAGS,
      "-o",
      binary,
      source,
    ];
    await using compiler = startDeno(args, { cwd: folder });
    const [notes, compiled] = await Promise.all([
      compiler.stderr.rest(COMPILE_MS),
      compiler.status(COMPILE_MS),
    ]);
    assert(compiled.success, notes.join("\n"));
    // What is in the file must be enough.
    await Deno.remove(source);
    await using program = new Subprocess(binary, [], { cwd: folder });
    const [lines, errors, { success }] = await Promise.all([
      program.stdout.rest(PROGRAM_MS),
      program.stderr.rest(PROGRAM_MS),
      program.status(PROGRAM_MS),
    ]);
    assert(success, [...lines, ...errors].join("\n"));
    return lines;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

edoTest("a compiled program has sockets and timers", async () => {
  const lines = await compileAndRun(`
    import { block_on, net, spawn, time } from ${MOD};
    console.log(block_on(function* () {
      using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
      spawn(function* () {
        using stream = yield* listener.accept();
        yield* time.sleep(1);
        yield* stream.writeAll(new TextEncoder().encode("compiled"));
      });
      using stream = yield* net.TcpStream.connect(listener.addr);
      const buffer = new Uint8Array(8);
      yield* stream.readExact(buffer);
      return new TextDecoder().decode(buffer);
    }));`);
  assertEquals(lines, ["compiled"]);
}, { ignore: reason !== null || !HAS_TCP });

edoTest("a compiled program runs tasks on workers", async () => {
  const lines = await compileAndRun(`
    import { join, Runtime, spawn, task } from ${MOD};
    const place = import.meta.main ? "main" : self.constructor.name;
    export const square = task(import.meta, function* square(n: number) {
      return [n * n, place];
    });
    if (import.meta.main) {
      using runtime = new Runtime({ workers: 2 });
      console.log(JSON.stringify(runtime.block_on(function* () {
        return yield* join(spawn(square, 3), spawn(square, 4));
      })));
    }`);
  const place = "DedicatedWorkerGlobalScope";
  assertEquals(lines, [JSON.stringify([[9, place], [16, place]])]);
}, { ignore: reason !== null || !HAS_TCP || !("Runtime" in edo) });
