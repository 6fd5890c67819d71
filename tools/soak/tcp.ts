/**
 * Both ends of the soak's connections: an echo server's, and clients of several
 * ways to end. A client says in its first bytes who it is.
 *
 * @module
 */
import { type Coroutine, join, net, time } from "../../mod.ts";
import { fill, isFilled, Random } from "./random.ts";

/** How a client ends its connection. */
export type Ending =
  /** Sends all, ends its direction, reads to the end. */
  | "half-close"
  /** Sends all, reads as much, closes. */
  | "close"
  /** Closes with bytes unread, which is a reset. */
  | "reset"
  /** Closes in the middle of what it sends, with nothing read. */
  | "leave";

/** What a client does. */
export interface ClientPlan {
  readonly addr: Deno.NetAddr;
  readonly id: number;
  readonly ending: Ending;
  /** How many bytes it sends, its first ones included. */
  readonly bytes: number;
  readonly seed: number;
}

/** What a client saw. */
export interface ClientReport {
  readonly id: number;
  readonly sent: number;
  readonly received: number;
  /** Whether all that it was to do was done, and each byte was right. */
  readonly isComplete: boolean;
  /** What went wrong, as an error's code or its text. */
  readonly problem: string | null;
}

/** What a server saw. */
export interface ServerReport {
  /** Which client it was; -1: it did not get to say so. */
  readonly id: number;
  readonly received: number;
  readonly sent: number;
  /** How it ended: `end`, or an error's code. */
  readonly end: string;
}

/** How many bytes a client begins with: its number. */
export const HEAD = 4;

/** How long a connection may say nothing, in milliseconds. */
const SILENCE_MS = 15_000;

/** Smaller ones would make a connection of many bytes last for seconds. */
const MIN_BUFFER = 64;
const MAX_BUFFER = 65_536;

/** Echoes until the client ends its direction, or is gone. */
export function* serve(
  stream: net.TcpStream,
  seed: number,
): Coroutine<ServerReport> {
  using _ = stream;
  const random = new Random(seed);
  const buffer = new Uint8Array(MIN_BUFFER + random.size(MAX_BUFFER));
  const head = new Uint8Array(HEAD);
  let received = 0;
  let sent = 0;
  let end = "end";
  try {
    for (;;) {
      const n = yield* time.timeout(SILENCE_MS, stream.read(buffer));
      if (n === null) break;
      const rest = Math.min(n, HEAD - received);
      if (rest > 0) head.set(buffer.subarray(0, rest), received);
      received += n;
      yield* stream.writeAll(buffer, n);
      sent += n;
    }
  } catch (error) {
    end = codeOf(error);
  }
  const id = received < HEAD ? -1 : new DataView(head.buffer).getUint32(0);
  return { id, received, sent, end };
}

/** Talks to an echo server as a plan has it. */
export function* runClient(plan: ClientPlan): Coroutine<ClientReport> {
  const { id, bytes, ending, seed } = plan;
  const random = new Random(seed);
  const counts = { sent: 0, received: 0 };
  const report = (problem: string | null, isComplete: boolean) => ({
    id,
    ...counts,
    isComplete,
    problem,
  });
  try {
    using stream = yield* net.TcpStream.connect(plan.addr);
    if (random.chance(0.5)) stream.setNoDelay();
    const isCut = ending === "reset" || ending === "leave";
    const limit = isCut ? HEAD + random.below(bytes - HEAD + 1) : bytes;
    if (isCut) {
      yield* send(stream, plan, limit, random, counts);
      // What comes back is not read: closing with it there is a reset.
      if (ending === "reset") yield* stream.peek(new Uint8Array(1));
      return report(null, false);
    }
    const [, problem] = yield* join(
      sendAll(stream, plan, random, counts),
      receive(stream, plan, random.seed(), counts),
    );
    return report(problem, problem === null);
  } catch (error) {
    return report(codeOf(error), false);
  }
}

function* sendAll(
  stream: net.TcpStream,
  plan: ClientPlan,
  random: Random,
  counts: { sent: number },
): Coroutine<void> {
  yield* send(stream, plan, plan.bytes, random, counts);
  if (plan.ending === "half-close") stream.shutdown("write");
}

function* send(
  stream: net.TcpStream,
  { id, seed }: ClientPlan,
  bytes: number,
  random: Random,
  counts: { sent: number },
): Coroutine<void> {
  const head = new Uint8Array(HEAD);
  new DataView(head.buffer).setUint32(0, id);
  while (counts.sent < bytes) {
    const n = Math.min(bytes - counts.sent, 1 + random.size(MAX_BUFFER));
    const chunk = new Uint8Array(n);
    fill(chunk, seed, counts.sent);
    for (let i = counts.sent; i < HEAD && i - counts.sent < n; i++) {
      chunk[i - counts.sent] = head[i]!;
    }
    yield* stream.writeAll(chunk);
    counts.sent += n;
    if (random.chance(0.05)) yield* time.sleep(random.below(3));
  }
}

/** Reads the echo. Returns what is wrong with it. */
function* receive(
  stream: net.TcpStream,
  { id, bytes, ending, seed }: ClientPlan,
  readSeed: number,
  counts: { received: number },
): Coroutine<string | null> {
  const buffer = new Uint8Array(
    MIN_BUFFER + new Random(readSeed).size(MAX_BUFFER),
  );
  const head = new Uint8Array(HEAD);
  new DataView(head.buffer).setUint32(0, id);
  while (counts.received < bytes || ending === "half-close") {
    const n = yield* time.timeout(SILENCE_MS, stream.read(buffer));
    if (n === null) break;
    const from = counts.received;
    const start = Math.min(n, Math.max(0, HEAD - from));
    for (let i = 0; i < start; i++) {
      if (buffer[i] !== head[from + i]) return `byte ${from + i} is another's`;
    }
    if (!isFilled(buffer.subarray(start, n), seed, from + start)) {
      return `bytes from ${from + start} on are not those sent`;
    }
    counts.received += n;
  }
  return counts.received === bytes
    ? null
    : `${counts.received} bytes of ${bytes} came back`;
}

/** `ECONNRESET`, or what the error says if it has no such name. */
export function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error);
}
