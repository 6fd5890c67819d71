import { type Report, requestIds, type Target } from "../lib/course.ts";
import { Exchange } from "./exchange.ts";
import { select } from "./multiplexers.ts";

/** `fd_set` has a bit for each descriptor that may be in it, and no more. */
const MAX_DESCRIPTORS = 1024;

/** A set of descriptors, as select(2) takes it. */
class DescriptorSet {
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(
    MAX_DESCRIPTORS / 32,
  );

  clear(): void {
    this.words.fill(0);
  }

  add(fd: number): void {
    if (fd >= MAX_DESCRIPTORS) {
      throw new Deno.errors.NotSupported(
        `Cannot select: descriptor ${fd} is too large, 1023 is the last. ` +
          "Make fewer --requests, or take non-blocking-poll",
      );
    }
    this.words[fd >> 5]! |= 1 << (fd & 31);
  }

  has(fd: number): boolean {
    return (this.words[fd >> 5]! & (1 << (fd & 31))) !== 0;
  }
}

/**
 * `non-blocking-select`: all requests at once, in one thread that waits for
 * whichever socket is ready first.
 *
 * The sets are rebuilt for each wait, since select(2) overwrites them with its
 * answer, and then all descriptors are looked through to find the few that are
 * ready.
 */
export function selectCalls(target: Target, report: Report): void {
  using all = new DisposableStack();
  let open = requestIds(target).map((id) => all.use(new Exchange(target, id)));
  const readers = new DescriptorSet();
  const writers = new DescriptorSet();
  while (open.length > 0) {
    readers.clear();
    writers.clear();
    for (const { fd, waitsFor } of open) {
      (waitsFor === "read" ? readers : writers).add(fd);
    }
    const highest = Math.max(...open.map(({ fd }) => fd));
    select(highest + 1, readers.words, writers.words);
    for (const exchange of open) {
      const { fd } = exchange;
      if (!readers.has(fd) && !writers.has(fd)) continue;
      exchange.advance();
      if (exchange.isDone) report.reply(exchange.id, ...exchange.received);
    }
    open = open.filter((exchange) => !exchange.isDone);
  }
}
