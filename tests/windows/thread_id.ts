const kernel32 = Deno.build.os !== "windows"
  ? null
  : Deno.dlopen("kernel32.dll", {
    GetCurrentThreadId: { parameters: [], result: "u32" },
  }).symbols;

/** The number of the thread that asks, as Windows has it. */
export function windowsThreadId(): number {
  return kernel32!.GetCurrentThreadId();
}
