// Who takes part, and in which versions.

/** A module of this folder, and the mode that it is to start its pool in. */
export interface Entry {
  name: string;
  module: string;
  mode: string;
  /** What the tables are to say about its version. */
  version: string;
}

/** The versions of the packages that npm has, as import specifiers. */
export const NPM = {
  piscina: "npm:piscina@5.3.2",
  tinypool: "npm:tinypool@2.2.0",
  workerpool: "npm:workerpool@10.0.3",
  poolifier: "npm:poolifier-web-worker@0.5.15",
} as const;

export const KNITTING = {
  version: "0.1.61",
  repository: "https://github.com/mimiMonads/knitting",
  commit: "f0570ae3154ca97f865f61499cff5a70b574aa96",
} as const;

/** Awaited on Deno's event loop, as the promises of all others are. */
export const EDO = "Edo";

/** The calls come from a task in `block_on`, which joins them with `yield*`. */
export const EDO_BLOCKED = "Edo block_on";

/** The function itself, called in a loop: where nothing is handed to a thread. */
export const NO_POOL = "no pool";

function entry(
  name: string,
  module: string,
  version: string,
  mode = "",
): Entry {
  return { name, module, mode, version: version.replace("npm:", "") };
}

export const CONTENDERS: readonly Entry[] = [
  entry(EDO, "edo.ts", "", "hosted"),
  entry(EDO_BLOCKED, "edo.ts", "", "block_on"),
  entry("knitting", "knitting.ts", `knitting@${KNITTING.version}`),
  entry("postMessage", "bare.ts", ""),
  entry("piscina sync", "piscina.ts", NPM.piscina, "sync"),
  entry("piscina async", "piscina.ts", NPM.piscina, "async"),
  entry("piscina disabled", "piscina.ts", NPM.piscina, "disabled"),
  entry("tinypool", "tinypool.ts", NPM.tinypool),
  entry("workerpool", "workerpool.ts", NPM.workerpool),
  entry("poolifier", "poolifier.ts", NPM.poolifier, "direct"),
  entry("poolifier queue", "poolifier.ts", NPM.poolifier, "queue"),
  entry(NO_POOL, "no_pool.ts", ""),
];
