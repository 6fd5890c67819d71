/**
 * Opens many short connections of every kind to the servers of
 * `short_connections_test.ts`. What it is to do comes as one argument, a
 * {@linkcode Task} in JSON; over the connection to `control` it says `ready` after
 * some of each kind, waits for a byte, and says `done` after the rest.
 *
 * @module
 */
import { block_on, type Coroutine, join, net, spawn } from "../../../mod.ts";
import { checkAddress } from "../../../src/net/address.ts";
import { openConnection } from "../../../src/net/connect.ts";
import { adoptStream } from "../../../src/net/tcp_stream.ts";
import { sockets } from "../../../src/sys/platform.ts";
import { assertPattern, encode, pattern } from "../../net/support.ts";

/** An address as JSON has it. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** What the client is to do. */
export interface Task {
  readonly control: Address;
  /** Echo servers, which let clients be silent for long. */
  readonly patient: readonly Address[];
  /** Echo servers that drop silent clients soon. */
  readonly impatient: readonly Address[];
  /** Servers that abort the task of each client before it has started. */
  readonly aborting: readonly Address[];
  /** Servers that abort it when it has begun to read. */
  readonly abortingLater: readonly Address[];
  /** How many connections of each kind before `ready`. */
  readonly warmUp: number;
  /** How many connections in all after that. */
  readonly count: number;
}

/** How many connections are open at a time: less than any backlog. */
const AT_ONCE = 64;
const LARGE = 64 * 1024;

/** A stream and its descriptor, for what no `TcpStream` does. */
interface Connection extends Disposable {
  readonly fd: number;
  readonly stream: net.TcpStream;
}

function* open(address: Address): Coroutine<Connection> {
  const opened = yield* openConnection(checkAddress("connect", address));
  const { fd } = opened.source;
  const stream = adoptStream(opened.source, opened.remoteAddr);
  return { fd, stream, [Symbol.dispose]: () => stream.close() };
}

/** Whether the end of a stream has come, by FIN or, if something was unread, RST. */
function* readToEnd(stream: net.TcpStream): Coroutine<void> {
  const buffer = new Uint8Array(1024);
  try {
    while ((yield* stream.read(buffer)) !== null);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
}

type Kind = (address: Address, seed: number) => Coroutine<void>;

/** Data and FIN leave in one go. */
function* sendAndClose(address: Address, seed: number): Coroutine<void> {
  using connection = yield* open(address);
  yield* connection.stream.writeAll(pattern(seed, 1 + seed % 3000));
}

function* reset(address: Address, seed: number): Coroutine<void> {
  using connection = yield* open(address);
  if (seed % 3 !== 0) yield* connection.stream.writeAll(pattern(seed, 100));
  sockets.setLinger(connection.fd, 0);
}

/** Ends its side, and gets back all that it sent, then the end. */
function* halfClose(address: Address, seed: number): Coroutine<void> {
  using connection = yield* open(address);
  const { stream } = connection;
  const sent = 1 + seed % 3000;
  yield* stream.writeAll(pattern(seed, sent));
  stream.shutdown("write");
  const got = new Uint8Array(sent);
  yield* stream.readExact(got);
  assertPattern(seed, got);
  if ((yield* stream.read(got)) !== null) throw new Error("more than was sent");
}

function* closeUnused(address: Address): Coroutine<void> {
  using _ = yield* open(address);
}

/** Sends more than it reads: what comes back finds nobody. */
function* closeUnread(address: Address, seed: number): Coroutine<void> {
  using connection = yield* open(address);
  yield* connection.stream.writeAll(pattern(seed, LARGE));
  yield* connection.stream.read(new Uint8Array(1));
}

/** Says nothing until the server has had enough. */
function* beDropped(address: Address): Coroutine<void> {
  using connection = yield* open(address);
  yield* readToEnd(connection.stream);
}

function* sendAndBeDropped(address: Address, seed: number): Coroutine<void> {
  using connection = yield* open(address);
  const { stream } = connection;
  try {
    if (seed % 2 === 0) yield* stream.writeAll(pattern(seed, 10));
  } catch (error) {
    // The server may have closed already.
    if (error instanceof Deno.errors.ConnectionReset) return;
    if (error instanceof Deno.errors.BrokenPipe) return;
    throw error;
  }
  yield* readToEnd(stream);
}

function kinds(task: Task): [Kind, readonly Address[]][] {
  return [
    [sendAndClose, task.patient],
    [reset, task.patient],
    [halfClose, task.patient],
    [closeUnused, task.patient],
    [closeUnread, task.patient],
    [beDropped, task.impatient],
    [sendAndBeDropped, task.aborting],
    [sendAndBeDropped, task.abortingLater],
  ];
}

/** All kinds in turn, so that they are mixed at any time. */
function* openMany(task: Task, count: number): Coroutine<void> {
  const all = kinds(task);
  let next = 0;
  function* opener(): Coroutine<void> {
    while (next < count) {
      const seed = next++;
      const [kind, addresses] = all[seed % all.length]!;
      const turn = Math.floor(seed / all.length);
      yield* kind(addresses[turn % addresses.length]!, seed);
    }
  }
  yield* join(...Array.from({ length: AT_ONCE }, () => spawn(opener)));
}

/** How many kinds of connections there are. */
export const KINDS = 8;
/** The place among them of the one that waits to be dropped, from 0. */
export const DROPPED_KIND = 5;

if (import.meta.main) {
  const task: Task = JSON.parse(Deno.args[0]!);
  block_on(function* () {
    using control = yield* net.TcpStream.connect(task.control);
    yield* openMany(task, KINDS * task.warmUp);
    yield* control.writeAll(encode("ready"));
    yield* control.readExact(new Uint8Array(1));
    yield* openMany(task, task.count);
    yield* control.writeAll(encode("done!"));
    yield* readToEnd(control);
  });
}
