import {
  type Context,
  type Coroutine,
  Future,
  intoFuture,
  Pending,
  type Poll,
} from "../../mod.ts";
import { requestBytes, type Target } from "../lib/course.ts";
import { Connecting, Receiving, Sending, Socket } from "./socket.ts";

/** What a request is waiting for, and what it needs to go on from there. */
type State =
  | { name: "not started" }
  | { name: "connecting"; socket: Socket; future: Connecting }
  | { name: "sending"; socket: Socket; future: Sending }
  | { name: "receiving"; socket: Socket; future: Receiving }
  | { name: "ended" };

/**
 * A request as a state machine, spelled out: what a compiler makes of the generator
 * function below. A poll goes from state to state until something is `Pending`; the
 * next poll begins where that one stopped.
 */
export class HttpGet extends Future<Uint8Array[]> {
  readonly #target: Target;
  readonly #id: number;
  #state: State = { name: "not started" };

  constructor(target: Target, id: number) {
    super();
    this.#target = target;
    this.#id = id;
  }

  override poll(cx: Context): Poll<Uint8Array[]> {
    try {
      while (true) {
        const value = this.#step(cx);
        if (value !== undefined) return value;
      }
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  /** From one state to the next. Returns nothing if there is more to be done. */
  #step(cx: Context): Poll<Uint8Array[]> | undefined {
    const state = this.#state;
    switch (state.name) {
      case "not started": {
        const socket = new Socket(this.#target);
        const future = new Connecting(socket);
        this.#state = { name: "connecting", socket, future };
        return;
      }
      case "connecting": {
        const { socket } = state;
        if (state.future.poll(cx) === Pending) return Pending;
        const bytes = requestBytes(this.#target, this.#id);
        const future = new Sending(socket, bytes);
        this.#state = { name: "sending", socket, future };
        return;
      }
      case "sending": {
        const { socket } = state;
        if (state.future.poll(cx) === Pending) return Pending;
        const future = new Receiving(socket);
        this.#state = { name: "receiving", socket, future };
        return;
      }
      case "receiving": {
        const received = state.future.poll(cx);
        if (received !== Pending) this.cancel();
        return received;
      }
      case "ended":
        throw new Error("Cannot poll a request: it has ended");
    }
  }

  /** Closes the socket, wherever the request has come to. */
  override cancel(): void {
    const state = this.#state;
    this.#state = { name: "ended" };
    if ("socket" in state) state.socket[Symbol.dispose]();
  }
}

/**
 * The same, and the compiler writes the state machine: each `yield*` is a state, and
 * `using` is `cancel`.
 */
export function* httpGet(target: Target, id: number): Coroutine<Uint8Array[]> {
  using socket = new Socket(target);
  yield* new Connecting(socket);
  yield* new Sending(socket, requestBytes(target, id));
  return yield* new Receiving(socket);
}

/**
 * Request `id` as a future: the odd ones are the class, the even ones the generator.
 * No executor can tell.
 */
export function request(target: Target, id: number): Future<Uint8Array[]> {
  return id % 2 === 1
    ? new HttpGet(target, id)
    : intoFuture(httpGet(target, id));
}
