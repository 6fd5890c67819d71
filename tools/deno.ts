/**
 * What the tools start Deno with.
 *
 * @module
 */

/** Deno as a command to give to `Deno.Command`: under npx it is not on the path. */
export const DENO: string = Deno.execPath();

/**
 * Whether this system has TCP. Elsewhere examples are not run, because most of them
 * use it; what tests are left out there, the tests say themselves.
 */
export const HAS_TCP: boolean = ["linux", "windows"].includes(Deno.build.os);

/** Variables for every Deno that the tools start, beside those there are. */
export function denoEnv(): Record<string, string> {
  return {
    DENO_NO_PROMPT: "1",
    DENO_NO_UPDATE_CHECK: "1",
    // Networks that look into TLS have their certificate in the system's store,
    // where npm finds it and Deno by default does not look.
    DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system",
  };
}
