// Building the peers, into the user's cache: the source tree stays as it is.

import { cacheFolder } from "./cache.ts";
import { hasProgram } from "./process.ts";

const PEERS = new URL("../peers/", import.meta.url);

/** Where Debian's librust-*-dev packages put their sources. */
const DEBIAN_CRATES = "/usr/share/cargo/registry";

/** Paths of the programs, null where one could not be built. */
export interface Built {
  load: string | null;
  epollEcho: string | null;
  tokioEcho: string | null;
  tokioBench: string | null;
}

/** What is missing, and what to do about it. */
export const missing: string[] = [];

function succeeds(program: string, options: Deno.CommandOptions): boolean {
  const { success, stderr } = new Deno.Command(program, {
    ...options,
    stdout: "null",
    stderr: "piped",
  }).outputSync();
  if (!success) console.error(new TextDecoder().decode(stderr));
  return success;
}

function compileC(folder: string, name: string): string | null {
  const output = `${folder}/${name}`;
  const source = new URL(`${name}.c`, PEERS).pathname;
  return succeeds("cc", { args: ["-O2", "-o", output, source] })
    ? output
    : null;
}

/** Copies what has changed; cargo goes by the time of the last change. */
function copyFolder(from: URL, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    const target = `${to}/${name}`;
    if (isDirectory) {
      copyFolder(new URL(`${name}/`, from), target);
      continue;
    }
    const text = Deno.readTextFileSync(new URL(name, from));
    let old: string | null = null;
    try {
      old = Deno.readTextFileSync(target);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    if (text !== old) Deno.writeTextFileSync(target, text);
  }
}

function hasDebianTokio(): boolean {
  try {
    return [...Deno.readDirSync(DEBIAN_CRATES)]
      .some(({ name }) => name.startsWith("tokio-"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function buildTokio(folder: string): boolean {
  const project = `${folder}/tokio`;
  copyFolder(new URL("tokio/", PEERS), project);
  // Without Debian's sources cargo's own registry has to serve.
  if (!hasDebianTokio()) Deno.removeSync(`${project}/.cargo/config.toml`);
  return succeeds("cargo", { args: ["build", "--release"], cwd: project });
}

/** Builds what this machine has compilers for, and notes the rest in `missing`. */
export function buildPeers(): Built {
  const folder = cacheFolder();
  const built: Built = {
    load: null,
    epollEcho: null,
    tokioEcho: null,
    tokioBench: null,
  };
  if (Deno.build.os !== "linux") {
    missing.push("all servers: the load generator is written for Linux");
  } else if (!hasProgram("cc")) {
    missing.push("all servers: the load generator needs a C compiler (cc)");
  } else {
    built.load = compileC(folder, "load");
    built.epollEcho = compileC(folder, "epoll_echo");
    if (built.load === null) missing.push("all servers: load.c fails to build");
    if (built.epollEcho === null) {
      missing.push("C: epoll_echo.c fails to build");
    }
  }
  if (!hasProgram("cargo")) {
    missing.push("tokio: needs cargo");
  } else if (!buildTokio(folder)) {
    missing.push("tokio: the build fails (on Debian: librust-tokio-dev)");
  } else {
    built.tokioEcho = `${folder}/tokio/target/release/echo`;
    built.tokioBench = `${folder}/tokio/target/release/bench`;
  }
  return built;
}
