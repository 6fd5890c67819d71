/** Every call that a small program makes fails once. */
import { faultTest } from "./support.ts";
import { assert, assertEquals } from "@std/assert";
import { summary, sweep } from "./sweep.ts";

/** What the scenario calls, at the least, wherever it runs. */
const FUNCTIONS = [
  "socket",
  "setsockopt",
  "bind",
  "listen",
  "getsockname",
  "getpeername",
  "getsockopt",
  "connect",
  "accept4",
  "recv",
  "send",
  "shutdown",
  "close",
  "epoll_create1",
  "eventfd",
  "epoll_ctl",
  "epoll_wait",
];

for (const where of ["block_on", "run"] as const) {
  faultTest(
    `inside ${where}, whichever call fails, a program finishes or is told`,
    async () => {
      const rows = await sweep(where);
      console.log(summary(rows));
      const called = rows.filter(({ calls }) => calls > 0).map((r) => r.name);
      assertEquals(FUNCTIONS.filter((name) => !called.includes(name)), []);
      const total = { reached: 0, missed: 0 };
      for (const { outcomes } of rows) {
        const { finished, told, consequence } = outcomes;
        total.reached += finished + told + consequence;
        total.missed += outcomes["not reached"];
      }
      // How often a program looks for events depends on the machine.
      assert(total.reached > 500, `only ${total.reached} faults`);
      assert(total.missed < total.reached / 10, `${total.missed} not reached`);
    },
  );
}
