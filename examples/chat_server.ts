/**
 * A chat over TCP: who connects says their name, and then all read what each one
 * writes. It needs no locks: the room is an object that only tasks of one thread
 * see, and no other task runs between two `yield*` of one. So it is with all
 * state that connections share: keep it on one thread, and send work that takes
 * long to the workers.
 *
 *     deno run --allow-ffi --allow-net --allow-read examples/chat_server.ts
 *     nc 127.0.0.1 8081
 *
 * @module
 */
import {
  block_on,
  type Coroutine,
  ctrlC,
  type Future,
  net,
  Pending,
  pollFn,
  select,
  spawn,
  time,
  type Waker,
  yieldNow,
} from "../mod.ts";
import { isGone } from "./echo_server.ts";
import { formatAddress } from "./lib/address.ts";
import { exitWith, numberFlag, parseCommandLine } from "./lib/command_line.ts";
import { LineReader, LineTooLong } from "./lib/line_reader.ts";
import { Mailbox } from "./lib/mailbox.ts";

const USAGE = `chat_server.ts [flags]

--hostname  the address to listen on       127.0.0.1
--port      the port; 0 takes a free one   8081

Ctrl-C tells everybody, and ends the server when they have heard.`;

/** How much may wait for somebody who does not read, in characters. */
const MAILBOX_LIMIT = 64 * 1024;
const MAX_LINE_BYTES = 1024;
const NAME = /^[\p{L}\p{N}_-]{1,20}$/u;
/** How long somebody may take to say their name, in milliseconds. */
const NAME_MS = 60_000;
/** How long the last words may take to arrive, in milliseconds. */
const GOODBYE_MS = 2_000;

/** Who is there, by name. One room is shared by the tasks of all connections. */
class Room {
  readonly #guests = new Map<string, Mailbox>();
  #isClosed = false;
  #visits = 0;
  #lines = 0;
  #watcher: Waker | null = null;

  has(name: string): boolean {
    return this.#guests.has(name);
  }

  /** Lets somebody in, whom the others hear of. */
  enter(name: string): Mailbox {
    const mailbox = new Mailbox(MAILBOX_LIMIT);
    const others = [...this.#guests.keys()].join(", ");
    mailbox.put(`* here: ${others || "nobody else"}\n`);
    this.#guests.set(name, mailbox);
    this.#visits++;
    this.#tell(`* ${name} has joined\n`, name);
    if (this.#isClosed) mailbox.close();
    return mailbox;
  }

  leave(name: string, why: string): void {
    this.#guests.delete(name);
    this.#tell(`* ${name} ${why}\n`, name);
    if (this.#guests.size === 0) this.#watcher?.wake();
  }

  say(name: string, line: string): void {
    this.#lines++;
    this.#tell(`${name}: ${line}\n`, name);
  }

  /** Sends everybody away, when they have received what waits for them. */
  close(): void {
    this.#isClosed = true;
    this.#tell("* the server stops\n", "");
    for (const mailbox of this.#guests.values()) mailbox.close();
  }

  /** Ready when everybody has left. */
  empty(): Future<void> {
    return pollFn((cx) => {
      if (this.#guests.size === 0) return;
      this.#watcher = cx.waker;
      return Pending;
    });
  }

  get account(): string {
    return `${this.#visits} guests, ${this.#lines} lines`;
  }

  #tell(text: string, except: string): void {
    for (const [name, mailbox] of this.#guests) {
      if (name !== except) mailbox.put(text);
    }
  }
}

/** Serves one connection, from the name to the end. */
function* serveGuest(stream: net.TcpStream, room: Room): Coroutine<void> {
  using _ = stream;
  try {
    // Who has vanished says nothing, as many guests do. The system finds out.
    stream.setKeepAlive();
    const reader = new LineReader(stream, MAX_LINE_BYTES);
    const name = yield* time.timeout(NAME_MS, askName(stream, reader, room));
    if (name === null) return;
    const mailbox = room.enter(name);
    let why = "has left";
    try {
      // Whichever ends first ends the others.
      const { index } = yield* select(
        hear(reader, name, room),
        deliver(mailbox, stream),
        mailbox.overfull(),
      );
      if (index === 2) why = "was dropped: too slow";
    } catch (error) {
      if (!(error instanceof LineTooLong)) throw error;
      why = `was dropped: ${error.message}`;
    } finally {
      room.leave(name, why);
    }
  } catch (error) {
    if (
      !isGone(error) && !(error instanceof time.TimeoutError) &&
      !(error instanceof LineTooLong)
    ) throw error;
  }
}

function* askName(
  stream: net.TcpStream,
  reader: LineReader,
  room: Room,
): Coroutine<string | null> {
  let question = "your name? ";
  while (true) {
    yield* write(stream, question);
    const name = (yield* reader.next())?.trim() ?? null;
    if (name === null) return null;
    if (!NAME.test(name)) {
      question = "letters and digits, 20 at most; your name? ";
    } else if (room.has(name)) {
      question = `${name} is here already; your name? `;
    } else {
      return name;
    }
  }
}

/** What a guest writes goes to the room. */
function* hear(reader: LineReader, name: string, room: Room): Coroutine<void> {
  let line;
  while ((line = yield* reader.next()) !== null) {
    if (line.trim() !== "") room.say(name, line);
    // Who sends a lot at once would fill all mailboxes before their turn comes.
    yield* yieldNow();
  }
}

/** What is in the mailbox goes to the guest. */
function* deliver(mailbox: Mailbox, stream: net.TcpStream): Coroutine<void> {
  let text;
  while ((text = yield* mailbox.take()) !== null) yield* write(stream, text);
}

function* write(stream: net.TcpStream, text: string): Coroutine<void> {
  yield* stream.writeAll(new TextEncoder().encode(text));
}

function* serve(listener: net.TcpListener, room: Room): Coroutine<never> {
  console.log(`listening on ${formatAddress(listener.addr)}`);
  while (true) spawn(serveGuest, yield* listener.accept(), room);
}

function main(): void {
  const { flags } = parseCommandLine(Deno.args, ["run"], {
    "hostname": "127.0.0.1",
    "port": "8081",
  });
  const port = numberFlag(flags, "port", { min: 0, max: 65_535, whole: true });
  const hostname = flags["hostname"]!;
  const room = new Room();
  block_on(function* () {
    using listener = net.TcpListener.bind({ hostname, port });
    yield* select(ctrlC(), serve(listener, room));
    listener.close();
    room.close();
    // Who does not even read that is cut off when block_on returns.
    yield* select(room.empty(), time.sleep(GOODBYE_MS));
  });
  console.log(`stopped: ${room.account}`);
}

if (import.meta.main) exitWith(main, USAGE);
