/**
 * Ctrl-C on Windows, which is of a console and not of a process: the processes that
 * tests start get consoles of their own, and a Ctrl-C is pressed in one of them.
 *
 * @module
 */

/** Flags of `deno run` for a process with a console of its own; none elsewhere. */
export const OWN_CONSOLE_FLAGS: readonly string[] = Deno.build.os === "windows"
  ? [`--preload=${import.meta.resolve("./own_console.ts")}`]
  : [];

/** `STATUS_CONTROL_C_EXIT`, as Deno has exit codes: signed. */
export const CONTROL_C_EXIT: number = 0xC000_013A | 0;

/** Presses Ctrl-C in the console of a process. */
export function pressCtrlC(pid: number): void {
  const program = import.meta.resolve("./press_ctrl_c.ts");
  const { success, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", program, `${pid}`, `${Deno.pid}`],
  }).outputSync();
  if (success) return;
  throw new TypeError(
    `Cannot press Ctrl-C in process ${pid}: ${
      new TextDecoder().decode(stderr)
    }`,
  );
}

/** How a process ended that Ctrl-C has ended, in the words of Linux. */
export function asOnLinux(status: Deno.CommandStatus): Deno.CommandStatus {
  const isInterrupted = Deno.build.os === "windows" &&
    status.code === CONTROL_C_EXIT;
  return isInterrupted
    ? { success: false, code: 130, signal: "SIGINT" }
    : status;
}
