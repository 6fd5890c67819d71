/** Handles of this process, as Windows counts them. */

const kernel32 = Deno.build.os !== "windows"
  ? null
  : Deno.dlopen("kernel32.dll", {
    GetCurrentProcess: { parameters: [], result: "u64" },
    GetProcessHandleCount: { parameters: ["u64", "buffer"], result: "i32" },
    GetHandleInformation: { parameters: ["u64", "buffer"], result: "i32" },
  });

const answer = new Uint32Array(1);
const answerBytes = new Uint8Array(answer.buffer);

/** How many handles this process has. */
export function handleCount(): number {
  const { GetCurrentProcess, GetProcessHandleCount } = kernel32!.symbols;
  if (GetProcessHandleCount(GetCurrentProcess(), answerBytes) === 0) {
    throw new Error("Cannot count the handles of this process");
  }
  return answer[0]!;
}

/** Whether programs that this one starts would have the handle too. */
export function isInheritable(handle: number): boolean {
  const { GetHandleInformation } = kernel32!.symbols;
  if (GetHandleInformation(BigInt(handle), answerBytes) === 0) {
    throw new Error(`Cannot ask about handle ${handle}: there is none`);
  }
  return (answer[0]! & 1) !== 0;
}
