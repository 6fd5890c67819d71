/** A worker that ends while it waits off its thread leaves no descriptor. */
import { assertEquals } from "@std/assert";
import type { JoinError } from "../../mod.ts";
import { SEAT } from "../../src/executor/pool/layout.ts";
import { pollFor } from "../helpers/deadline.ts";
import { double, endsLater, GATE, STARTED } from "./fixtures/tasks.ts";
import { limitTest, PATIENCE_MS, valueOf } from "./support.ts";

/** What `SEAT.PARKING` says while the thread waits. */
const PARKED = 1;

for (const how of ["self.close", "Deno.exit"] as const) {
  limitTest(
    `${how} in an async task leaves nothing of what its worker waits with`,
    {},
    async (small) => {
      const { pool } = small;
      for (let round = 0; round < 3; round++) {
        const words = new Int32Array(new SharedArrayBuffer(8));
        const cells = words.buffer as SharedArrayBuffer;
        const kind = small.spawn({ on: 1 }, endsLater, cells, how)
          .then(() => "value", (error) => (error as JoinError).kind);
        await pollFor(
          () =>
            words[STARTED] === 1 &&
            pool.memory.loadSeat(1, SEAT.PARKING) === PARKED,
          PATIENCE_MS,
          "the wait of the worker",
        );
        Atomics.store(words, GATE, 1);
        Atomics.notify(words, GATE);
        assertEquals(await valueOf(kind), "lost");
      }
      assertEquals(await valueOf(small.spawn({ on: 1 }, double, 2)), 4);
    },
    1,
  );
}
