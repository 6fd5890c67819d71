import { assertEquals } from "@std/assert";
import { README_FLAGS } from "../helpers/subprocess.ts";
import { CONTROL_C_EXIT, CtrlC, OWN_CONSOLE_FLAGS } from "./console.ts";
import { windowsTest } from "./support.ts";

windowsTest(
  "Ctrl-C ends a program with the exit code that Windows has for it",
  async () => {
    const program = "examples/echo_server.ts";
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...OWN_CONSOLE_FLAGS, ...README_FLAGS, program, "--port=0"],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const line = new TextDecoder().decode(value);
    const ctrlC = new CtrlC(child.pid);
    ctrlC.press();
    await ctrlC.settle();
    const { code, signal, success } = await child.status;
    assertEquals([code, signal, success], [CONTROL_C_EXIT, null, false]);
    assertEquals(line.slice(0, 13), "listening on ");
    assertEquals((await reader.read()).done, true);
  },
);
