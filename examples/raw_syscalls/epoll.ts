import { osError } from "../../src/sys/error.ts";
import {
  Epoll,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
} from "../../src/sys/linux/epoll.ts";
import { type Report, requestIds, type Target } from "../lib/course.ts";
import { Exchange } from "./exchange.ts";

/**
 * `non-blocking-epoll`: the same with epoll(7). The system keeps the list. A socket
 * is added once, with a number of ours, here its place in `exchanges`; a wait
 * returns the numbers of those that are ready, and nothing else is looked at.
 *
 * With `EPOLLET` it tells each change once, an edge, rather than at every wait for
 * as long as a socket is ready. So both directions can be watched at all times, and
 * whoever is told has to go on until a call would block, as `advance` does.
 */
export function epollCalls(target: Target, report: Report): void {
  using all = new DisposableStack();
  const exchanges = requestIds(target)
    .map((id) => all.use(new Exchange(target, id)));
  const epoll = all.adopt(new Epoll(), (epoll) => epoll.close());
  exchanges.forEach(({ fd }, i) => {
    const result = epoll.add(fd, EPOLLIN | EPOLLOUT | EPOLLET, i, 0);
    if (result < 0) throw osError(-result, "epoll_ctl", "watch a socket");
  });
  for (let open = exchanges.length; open > 0;) {
    const count = epoll.wait(Infinity);
    for (let event = 0; event < count; event++) {
      const exchange = exchanges[epoll.key(event)]!;
      // The last change of a socket may be told after its end was read.
      if (exchange.isDone) continue;
      exchange.advance();
      if (!exchange.isDone) continue;
      report.reply(exchange.id, ...exchange.received);
      open--;
    }
  }
}
