/**
 * Where the tests' `@std/*` modules come from: JSR, as deno.json says, or npm
 * where JSR cannot be reached. The project needs nothing else from a registry.
 *
 * Run as a program it prints the flags that make Deno use that place.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** A place for `@std/*`, and how Deno is told to use it. */
export interface StdSource {
  name: "JSR" | "npm";
  /** Flags for `deno test`, `deno check` and `deno run`. */
  flags: string[];
  /** Why this place was taken, for people. */
  reason: string;
}

/** The packages that deno.json maps to JSR. */
const PACKAGES = ["assert", "async", "testing"];

/** How long JSR may take to answer; people wait for this in each run. */
const PROBE_MS = 3_000;

const IMPORT_MAP = new URL("./std_from_npm/import_map.json", import.meta.url);

/**
 * Finds out whether JSR answers. `JSR_URL` names another registry, as for Deno
 * itself; `EDO_STD=jsr` or `EDO_STD=npm` decides without asking.
 *
 * @throws {TypeError} If `EDO_STD` is something else.
 */
export async function stdSource(): Promise<StdSource> {
  const wish = Deno.env.get("EDO_STD") ?? "";
  if (wish === "jsr") return fromJsr("EDO_STD=jsr");
  if (wish === "npm") return fromNpm("EDO_STD=npm");
  if (wish !== "") {
    throw new TypeError(
      `Cannot choose where @std comes from: EDO_STD is "${wish}", not "jsr" or "npm"`,
    );
  }
  const registry = (Deno.env.get("JSR_URL") ?? "https://jsr.io")
    .replace(/\/$/, "");
  try {
    await Promise.all(PACKAGES.map((name) => probe(registry, name)));
    return fromJsr(`${registry} answers`);
  } catch (error) {
    return fromNpm(`${registry} does not serve it: ${reasonOf(error)}`);
  }
}

function fromJsr(reason: string): StdSource {
  return { name: "JSR", flags: [], reason };
}

function fromNpm(reason: string): StdSource {
  const flags = ["--import-map", fileURLToPath(IMPORT_MAP)];
  return { name: "npm", flags, reason };
}

/** Throws unless a registry has versions of a package to offer. */
async function probe(registry: string, name: string): Promise<void> {
  const response = await fetch(`${registry}/@std/${name}/meta.json`, {
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(PROBE_MS),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`status ${response.status} for @std/${name}`);
  }
  // Networks that forbid a site like to answer in its place.
  const meta = await response.json();
  if (typeof meta?.versions !== "object") {
    throw new Error(`no list of versions for @std/${name}`);
  }
}

/** In one line. What `fetch` throws has the reason as its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message.split("\n", 1)[0]!
    .replace(/^error sending request for url \([^)]*\): /, "");
}

if (import.meta.main) {
  const { flags } = await stdSource();
  console.log(flags.join("\n"));
}
