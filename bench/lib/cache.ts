// The folder, outside the source tree, in which peers are kept and built.

export function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ??
    `${Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? "/tmp"}/.cache`;
  const folder = `${cache}/edo-bench`;
  Deno.mkdirSync(folder, { recursive: true });
  return folder;
}

/** The path of knitting's module in that folder, null if it is not there. */
export function knittingModule(): string | null {
  const path = `${cacheFolder()}/knitting/knitting.ts`;
  try {
    return Deno.statSync(path).isFile ? path : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
