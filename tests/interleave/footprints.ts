import type { Machine } from "./machine.ts";
import type { Operation } from "./operations.ts";

/** Words per thread and state: which words it reads (two of them), and writes. */
const LANES = 4;
/** Words of the world from here on share the last bit. */
const LAST_BIT = 63;

/**
 * Which words each thread still touches after each state, and from that, which
 * threads have to be followed from a state so that no end is missed.
 *
 * A set P of threads is enough at a state if whatever the others can do without P
 * commutes with P's next steps: then any schedule that begins with steps of others
 * can be reordered to begin with one of P (Godefroid's persistent sets). Whether it
 * commutes is known once P's steps were followed: since all that the others can do
 * before P moves, they can also do after it if it commutes, it was seen there, and
 * is in the footprint of the state after P's step. So: follow one thread; if another
 * thread's footprint after that does not commute with the step, follow it as well.
 *
 * This takes for granted that no state comes twice on one path. A model that goes
 * round in circles is reported as a livelock, so that holds.
 */
export class Footprints {
  readonly #threads: number;
  readonly #bits = new Map<number, number>();
  #lanes: Int32Array;

  constructor(threads: number) {
    this.#threads = threads;
    this.#lanes = new Int32Array(threads * LANES * 1024);
  }

  /** Begins the footprint of a state: with what blocked threads wait to do. */
  begin(state: number, machine: Machine): void {
    const size = this.#threads * LANES;
    if ((state + 1) * size > this.#lanes.length) {
      const larger = new Int32Array(2 * this.#lanes.length);
      larger.set(this.#lanes);
      this.#lanes = larger;
    }
    for (let i = 0; i < this.#threads; i++) {
      const next = machine.nextOf(i);
      if (next === null || machine.isEnabled(i)) continue;
      this.#add(state, i, this.touched(next, null));
    }
  }

  /** What a step touches; with `result`, once it is known to have returned that. */
  touched(operation: Operation, result: number | null): Int32Array {
    const lanes = new Int32Array(LANES);
    const { at, reads, writes } = operation;
    if (at >= 0) {
      this.#mark(lanes, 0, at);
      if (result === null || operation.hasWritten(result)) {
        this.#mark(lanes, 2, at);
      }
    } else if (reads === null && writes === null) {
      lanes.fill(-1);
    } else {
      reads?.forEach((at) => this.#mark(lanes, 0, at));
      writes?.forEach((at) => this.#mark(lanes, 2, at));
    }
    return lanes;
  }

  #mark(lanes: Int32Array, lane: number, at: number): void {
    let bit = this.#bits.get(at);
    if (bit === undefined) {
      bit = Math.min(this.#bits.size, LAST_BIT);
      this.#bits.set(at, bit);
    }
    lanes[lane + (bit >> 5)]! |= 1 << (bit & 31);
  }

  #add(state: number, thread: number, lanes: Int32Array): void {
    const at = (state * this.#threads + thread) * LANES;
    for (let i = 0; i < LANES; i++) this.#lanes[at + i]! |= lanes[i]!;
  }

  /** Adds what happens after `after` to the footprint of `state`. */
  #addAll(state: number, after: number): void {
    const size = this.#threads * LANES;
    for (let i = 0; i < size; i++) {
      this.#lanes[state * size + i]! |= this.#lanes[after * size + i]!;
    }
  }

  /** Whether what a thread does after `state` may not commute with a step. */
  #conflicts(state: number, thread: number, step: Int32Array): boolean {
    const at = (state * this.#threads + thread) * LANES;
    const lanes = this.#lanes;
    for (let i = 0; i < 2; i++) {
      const reads = lanes[at + i]!;
      const writes = lanes[at + i + 2]!;
      if ((step[i + 2]! & (reads | writes)) !== 0) return true;
      if ((step[i]! & writes) !== 0) return true;
    }
    return false;
  }

  /** The threads to follow from a state, found while they are followed. */
  choose(enabled: readonly number[], machine: Machine): {
    /** The next thread to follow, -1 if there is no other. */
    next(): number;
    /** Tells what following it has led to. */
    followed(
      state: number,
      way: { thread: number; after: number; result: number },
    ): void;
  } {
    const isEnabled = (thread: number) => enabled.includes(thread);
    const wanted = new Set([enabled[0]!]);
    const done = new Set<number>();
    return {
      next: () => {
        for (const thread of wanted) {
          if (isEnabled(thread) && !done.has(thread)) return thread;
        }
        return -1;
      },
      followed: (state, { thread, after, result }) => {
        done.add(thread);
        const step = this.touched(machine.nextOf(thread)!, result);
        this.#add(state, thread, step);
        this.#addAll(state, after);
        for (let other = 0; other < this.#threads; other++) {
          if (other === thread || !this.#conflicts(after, other, step)) {
            continue;
          }
          wanted.add(other);
        }
        // A thread that is blocked here comes into play when another frees it.
        for (const blocked of wanted) {
          const next = machine.nextOf(blocked);
          if (isEnabled(blocked) || next === null) continue;
          const awaited = this.touched(next, null);
          for (let other = 0; other < this.#threads; other++) {
            if (this.#conflicts(state, other, awaited)) wanted.add(other);
          }
        }
      },
    };
  }
}
