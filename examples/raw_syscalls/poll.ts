import { type Report, requestIds, type Target } from "../lib/course.ts";
import { Exchange } from "./exchange.ts";
import { poll } from "./multiplexers.ts";

const POLLIN = 1;
const POLLOUT = 4;

/**
 * `non-blocking-poll`: the same with poll(2), which takes a list instead of sets:
 * a `struct pollfd` for each descriptor, of two words. The first is the descriptor,
 * the second has what is waited for in its lower half, and gets what is ready, an
 * error included, in its upper half.
 *
 * There is no limit any more. But the system still has to look through the whole
 * list at each call, and so do we afterwards.
 */
export function pollCalls(target: Target, report: Report): void {
  using all = new DisposableStack();
  let open = requestIds(target).map((id) => all.use(new Exchange(target, id)));
  while (open.length > 0) {
    const list = new Int32Array(2 * open.length);
    open.forEach(({ fd, waitsFor }, i) => {
      list[2 * i] = fd;
      list[2 * i + 1] = waitsFor === "read" ? POLLIN : POLLOUT;
    });
    poll(list, open.length);
    open.forEach((exchange, i) => {
      const isReady = list[2 * i + 1]! >>> 16 !== 0;
      if (!isReady) return;
      exchange.advance();
      if (exchange.isDone) report.reply(exchange.id, ...exchange.received);
    });
    open = open.filter((exchange) => !exchange.isDone);
  }
}
