/**
 * Gives the process a console of its own, for `deno run --preload`: Windows knows
 * Ctrl-C for all processes of a console alone, and the tests' own is not to have it.
 * A program that may not call the system goes without.
 *
 * @module
 */
function openConsole(): void {
  const { symbols } = Deno.dlopen("kernel32.dll", {
    GetStdHandle: { parameters: ["u32"], result: "u64" },
    SetStdHandle: { parameters: ["u32", "u64"], result: "i32" },
    FreeConsole: { parameters: [], result: "i32" },
    AllocConsole: { parameters: [], result: "i32" },
  });
  // STD_INPUT_HANDLE and those after it; a new console may replace what they are.
  const streams = [-10, -11, -12].map((stream) => stream >>> 0);
  const before = streams.map((stream) => symbols.GetStdHandle(stream));
  symbols.FreeConsole();
  if (symbols.AllocConsole() === 0) throw new Error("Cannot open a console");
  streams.forEach((stream, i) => symbols.SetStdHandle(stream, before[i]!));
}

try {
  openConsole();
} catch (error) {
  if (!(error instanceof Deno.errors.NotCapable)) throw error;
}
