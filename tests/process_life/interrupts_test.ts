import { assertEquals } from "@std/assert";
import { Context, type Waker } from "../../mod.ts";
import { Interrupts } from "../../src/executor/interrupts.ts";

/** Interrupts that the test makes, and turns of an executor that it takes. */
class Rehearsal extends Interrupts {
  static make(): Rehearsal {
    const deferred: Waker[] = [];
    const drivers = {
      timers: null,
      reactor: null,
      defer: (waker: Waker) => void deferred.push(waker),
    };
    return new Rehearsal(drivers, deferred);
  }

  readonly #drivers: Context["drivers"];
  readonly #deferred: Waker[];
  isListening = false;
  woken: string[] = [];

  constructor(drivers: Context["drivers"], deferred: Waker[]) {
    super(drivers);
    this.#drivers = drivers;
    this.#deferred = deferred;
  }

  override listen(): void {
    this.isListening = true;
  }

  override unlisten(): void {
    this.isListening = false;
  }

  override hear(): void {
    this.isListening = false;
    super.hear();
  }

  /** Polls for a future of this name. */
  ask(who: { name: string }): boolean {
    const waker = { wake: () => void this.woken.push(who.name) };
    return this.poll(who, new Context(waker, this.#drivers));
  }

  /** The tasks that were ready have had their turn. */
  turn(): void {
    for (const waker of this.#deferred.splice(0)) waker.wake();
  }
}

const A = { name: "a" };
const B = { name: "b" };
const C = { name: "c" };

Deno.test("a signal goes to all who wait, and not to who comes later", () => {
  const interrupts = Rehearsal.make();
  assertEquals([interrupts.ask(A), interrupts.ask(B)], [false, false]);
  interrupts.hear();
  assertEquals(interrupts.woken, ["a", "b"]);
  assertEquals([interrupts.ask(C), interrupts.ask(A)], [false, true]);
  assertEquals([interrupts.ask(C), interrupts.ask(B)], [false, true]);
  assertEquals(interrupts.isListening, true);
  interrupts.hear();
  assertEquals(interrupts.ask(C), true);
});

Deno.test("nobody listens from the signal on until somebody waits", () => {
  const interrupts = Rehearsal.make();
  interrupts.ask(A);
  interrupts.hear();
  assertEquals(interrupts.isListening, false);
  interrupts.ask(A);
  assertEquals(interrupts.isListening, false);
  interrupts.ask(B);
  assertEquals(interrupts.isListening, true);
});

Deno.test("the listener stays until the turn is over, and no longer", () => {
  const interrupts = Rehearsal.make();
  interrupts.ask(A);
  interrupts.leave(A);
  interrupts.leave(A);
  assertEquals(interrupts.isListening, true);
  interrupts.ask(B);
  interrupts.turn();
  assertEquals(interrupts.isListening, true);
  interrupts.leave(B);
  interrupts.turn();
  assertEquals(interrupts.isListening, false);
});

Deno.test("a signal that nobody has seen goes to the next in that turn", () => {
  const interrupts = Rehearsal.make();
  interrupts.ask(A);
  interrupts.hear();
  interrupts.leave(A);
  assertEquals(interrupts.ask(B), true);
  assertEquals(interrupts.ask(C), false);

  interrupts.leave(C);
  interrupts.hear();
  assertEquals([interrupts.ask(A), interrupts.ask(B)], [true, false]);
});

Deno.test("a signal that nobody has seen is forgotten with the turn", () => {
  const interrupts = Rehearsal.make();
  interrupts.ask(A);
  interrupts.hear();
  interrupts.leave(A);
  interrupts.turn();
  assertEquals(interrupts.ask(B), false);
});

Deno.test("a signal that one has seen is not for the next, whoever gives up", () => {
  const interrupts = Rehearsal.make();
  interrupts.ask(A);
  interrupts.ask(B);
  interrupts.hear();
  assertEquals(interrupts.ask(A), true);
  interrupts.leave(B);
  assertEquals(interrupts.ask(C), false);

  interrupts.ask(A);
  interrupts.hear();
  interrupts.leave(A);
  assertEquals(interrupts.ask(B), false);
  assertEquals(interrupts.ask(C), true);
});
