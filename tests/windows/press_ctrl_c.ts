/**
 * Presses Ctrl-C in the console of another process:
 *
 *     deno run -A tests/windows/press_ctrl_c.ts PID
 *
 * @module
 */
const kernel32 = Deno.dlopen("kernel32.dll", {
  FreeConsole: { parameters: [], result: "i32" },
  AttachConsole: { parameters: ["u32"], result: "i32" },
  SetConsoleCtrlHandler: { parameters: ["pointer", "i32"], result: "i32" },
  GenerateConsoleCtrlEvent: { parameters: ["u32", "u32"], result: "i32" },
}).symbols;

const CTRL_C_EVENT = 0;

kernel32.FreeConsole();
const isPressed = kernel32.AttachConsole(Number(Deno.args[0])) !== 0 &&
  // This process is in the console now: it ignores Ctrl-C.
  kernel32.SetConsoleCtrlHandler(null, 1) !== 0 &&
  kernel32.GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) !== 0;
Deno.exit(isPressed ? 0 : 1);
