// Temporary: a proposal.
import type { AtomicWords } from "../../src/reactor/parking.ts";
const NONE = -1,
  COUNTS = 0,
  CURSOR = 1,
  FLAGS = 16,
  ONE_SEARCHER = 1,
  ONE_IDLE = 1 << 16,
  SEARCHERS = ONE_IDLE - 1;
export class Sleepers {
  constructor(
    readonly words: Int32Array,
    readonly at: number,
    readonly workers: number,
    readonly atomics: AtomicWords = Atomics,
  ) {}
  static size(workers: number): number {
    return FLAGS + workers;
  }
  claimOne(): number {
    const { words, atomics, at } = this;
    for (;;) {
      const counts = atomics.load(words, at + COUNTS);
      if ((counts & SEARCHERS) !== 0 || counts < ONE_IDLE) return NONE;
      if (
        atomics.compareExchange(
          words,
          at + COUNTS,
          counts,
          counts + ONE_SEARCHER,
        ) !== counts
      ) continue;
      const start = words[at + CURSOR]!;
      for (let i = 0; i < this.workers; i++) {
        const worker = (start + i) % this.workers;
        if (!this.#takeFlag(worker)) continue;
        words[at + CURSOR] = (worker + 1) % this.workers;
        return worker;
      }
      if (!this.endSearch()) return NONE;
    }
  }
  #takeFlag(worker: number): boolean {
    const flag = this.at + FLAGS + worker;
    return this.atomics.load(this.words, flag) === 1 &&
      this.atomics.compareExchange(this.words, flag, 1, 0) === 1;
  }
  startSearch(): boolean {
    const searching = this.atomics.load(this.words, this.at + COUNTS) &
      SEARCHERS;
    if (2 * searching >= this.workers) return false;
    this.atomics.add(this.words, this.at + COUNTS, ONE_SEARCHER);
    return true;
  }
  endSearch(): boolean {
    return (this.atomics.sub(this.words, this.at + COUNTS, ONE_SEARCHER) &
      SEARCHERS) === 1;
  }
  goIdle(worker: number, wasSearching: boolean): void {
    this.atomics.store(this.words, this.at + FLAGS + worker, 1);
    this.atomics.add(
      this.words,
      this.at + COUNTS,
      wasSearching ? ONE_IDLE - ONE_SEARCHER : ONE_IDLE,
    );
  }
  getUp(worker: number, sawWork: boolean): boolean {
    this.atomics.add(
      this.words,
      this.at + COUNTS,
      sawWork ? ONE_SEARCHER - ONE_IDLE : -ONE_IDLE,
    );
    if (this.#takeFlag(worker)) return sawWork;
    if (sawWork) this.atomics.sub(this.words, this.at + COUNTS, ONE_SEARCHER);
    return true;
  }
}
