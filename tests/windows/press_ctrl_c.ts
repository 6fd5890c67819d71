/**
 * Presses Ctrl-C in the console of another process, unless a certain one is in it
 * too, as it would be told as well:
 *
 *     deno run -A tests/windows/press_ctrl_c.ts PID BYSTANDER
 *
 * @module
 */
const kernel32 = Deno.dlopen("kernel32.dll", {
  FreeConsole: { parameters: [], result: "i32" },
  AttachConsole: { parameters: ["u32"], result: "i32" },
  GetConsoleProcessList: { parameters: ["buffer", "u32"], result: "u32" },
  SetConsoleCtrlHandler: { parameters: ["pointer", "i32"], result: "i32" },
  GenerateConsoleCtrlEvent: { parameters: ["u32", "u32"], result: "i32" },
}).symbols;

const CTRL_C_EVENT = 0;
const [pid = 0, bystander = 0] = Deno.args.map(Number);

/** Whether a process is in the console that this one is in. */
function isHere(pid: number): boolean {
  const list = new Uint32Array(64);
  const bytes = new Uint8Array(list.buffer);
  const count = kernel32.GetConsoleProcessList(bytes, list.length);
  return count > list.length || list.subarray(0, count).includes(pid);
}

kernel32.FreeConsole();
const isPressed = kernel32.AttachConsole(pid) !== 0 && !isHere(bystander) &&
  // This process, which is here now, ignores Ctrl-C.
  kernel32.SetConsoleCtrlHandler(null, 1) !== 0 &&
  kernel32.GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) !== 0;
Deno.exit(isPressed ? 0 : 1);
