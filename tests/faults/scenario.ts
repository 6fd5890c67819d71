/** A small program with a bit of everything, for the sweep of faults. */
import { double } from "./double.ts";
import {
  block_on,
  type Coroutine,
  join,
  JoinError,
  net,
  run,
  spawn,
  time,
} from "../../mod.ts";
import { echo } from "./echo.ts";

/** How long it may take: far longer than ever on a busy machine. */
const DEADLINE_MS = 15_000;

const CLIENTS = 2;
const MESSAGE = Uint8Array.from({ length: 3_000 }, (_, i) => i * 7);

/** Takes connections until it is aborted, and answers each in a task of its own. */
function* serve(listener: net.TcpListener): Coroutine<void> {
  for (;;) {
    const stream = yield* listener.accept();
    spawn(echo, stream, 1_000).detach();
  }
}

function* talk(port: number): Coroutine<void> {
  using stream = yield* net.TcpStream.connect({ port });
  stream.setNoDelay();
  const answer = new Uint8Array(MESSAGE.length);
  yield* join(stream.writeAll(MESSAGE), stream.readExact(answer));
  for (let i = 0; i < answer.length; i++) {
    if (answer[i] !== MESSAGE[i]) throw new Error(`byte ${i} is wrong`);
  }
  // The other direction has to wait here, which it need not have done before.
  const end = stream.read(answer);
  yield* time.sleep(1.5);
  stream.shutdown();
  const n = yield* end;
  if (n !== null) throw new Error(`${n} bytes that nobody has sent`);
}

/** Opens a connection on which nothing ever comes, and waits there. */
function* waitInVain(port: number): Coroutine<void> {
  using stream = yield* net.TcpStream.connect({ port });
  yield* stream.read(new Uint8Array(1));
}

function* body(): Coroutine<void> {
  using listener = net.TcpListener.bind({ port: 0 });
  const { port } = listener.addr;
  const server = spawn(serve, listener);
  const waiting = spawn(waitInVain, port);
  // Whoever fails ends the program.
  yield* join(
    ended(server),
    ended(waiting),
    (function* () {
      const clients = Array.from({ length: CLIENTS }, () => spawn(talk, port));
      yield* join(...clients, time.sleep(2));
      waiting.abort();
      server.abort();
    })(),
  );
}

/** Waits for the end of a task that was aborted. */
function* ended(task: ReturnType<typeof spawn<[], void>>): Coroutine<void> {
  try {
    yield* task;
  } catch (error) {
    if (!(error instanceof JoinError && error.kind === "aborted")) throw error;
  }
}

function* inTime(): Coroutine<void> {
  yield* time.timeout(DEADLINE_MS, body());
}

/** Runs the scenario on a thread that is blocked, or on Deno's loop. */
export async function scenario(where: "block_on" | "run"): Promise<void> {
  double.mostCalls = 20_000;
  if (where === "block_on") block_on(inTime);
  else await run(inTime);
}
