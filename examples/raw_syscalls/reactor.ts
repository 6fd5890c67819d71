import { reactor } from "../../mod.ts";
import { type Report, requestIds, type Target } from "../lib/course.ts";
import { Exchange } from "./exchange.ts";

const { Interest } = reactor;

/**
 * `reactor-non-blocking-calls`: the same with Edo's `Reactor`, which is epoll on
 * Linux and something else elsewhere. Instead of a number one leaves a waker, an
 * object with a method `wake`, and the reactor calls it. So this loop knows
 * nothing of sockets, and code that knows nothing of this loop can wait in it.
 */
export function reactorCalls(target: Target, report: Report): void {
  using all = new DisposableStack();
  const exchanges = requestIds(target)
    .map((id) => all.use(new Exchange(target, id)));
  // Made after the sockets, and so closed before them: first off the list.
  using events = new reactor.Reactor();
  let open = exchanges.length;
  for (const exchange of exchanges) {
    drive(exchange, events, () => {
      report.reply(exchange.id, ...exchange.received);
      open--;
    });
  }
  while (open > 0) events.wait();
}

/** Takes an exchange as far as it gets, now and whenever its socket is ready. */
function drive(
  exchange: Exchange,
  events: reactor.Reactor,
  onDone: () => void,
): void {
  const token = events.register(exchange.fd);
  const waker = {
    wake(): void {
      exchange.advance();
      if (exchange.isDone) return onDone();
      const interest = exchange.waitsFor === "read"
        ? Interest.READABLE
        : Interest.WRITABLE;
      // A waker is called once. Who still has to wait leaves it again.
      events.setWaker(token, interest, waker);
    },
  };
  waker.wake();
}
