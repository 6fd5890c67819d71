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

/**
 * Presses Ctrl-C in the console of a process, by way of another one. Two that wait
 * for their turn are one, as signals on Linux are.
 */
export class CtrlC {
  readonly #pid: number;
  #done: Promise<void> = Promise.resolve();
  #isPending = false;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Presses it soon. */
  press(): void {
    if (this.#isPending) return;
    this.#isPending = true;
    this.#done = this.#done.then(() => {
      this.#isPending = false;
      return this.#press();
    });
  }

  /** Waits for what was pressed. That it came to nothing is no error. */
  async settle(): Promise<void> {
    await this.#done;
  }

  async #press(): Promise<void> {
    const program = import.meta.resolve("./press_ctrl_c.ts");
    await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-config", program],
        ...[`${this.#pid}`, `${Deno.pid}`],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn().status;
  }
}

/** How a process ended that Ctrl-C has ended, in the words of Linux. */
export function asOnLinux(status: Deno.CommandStatus): Deno.CommandStatus {
  const isInterrupted = Deno.build.os === "windows" &&
    status.code === CONTROL_C_EXIT;
  return isInterrupted
    ? { success: false, code: 130, signal: "SIGINT" }
    : status;
}
