/** A mutant that no simple change gives: a method whose body is another one. */
export interface HandMade {
  readonly module: string;
  /** The method. */
  readonly member: string;
  /** What it does wrong. */
  readonly name: string;
  readonly body: string;
}

const POOL = "src/executor/pool";

export const BY_HAND: readonly HandMade[] = [
  {
    module: `${POOL}/task_deque.ts`,
    member: "stealHalfInto",
    name: "a thief moves TOP past half of the tasks with one step",
    body: `{
    const words = this.#words;
    const atomics = this.#atomics;
    const top = atomics.load(words, this.#at + TOP);
    const bottom = atomics.load(words, this.#at + BOTTOM);
    const count = (bottom - top + 1) >> 1;
    if (count <= 0) return NONE;
    const tasks = [];
    for (let i = 0; i < count; i++) {
      tasks.push(atomics.load(words, this.#place(top + i)));
    }
    const next = (top + count) | 0;
    if (atomics.compareExchange(words, this.#at + TOP, top, next) !== top) {
      return NONE;
    }
    for (const task of tasks.slice(1)) own.push(task);
    return tasks[0];
  }`,
  },
  {
    module: `${POOL}/task_deque.ts`,
    member: "steal",
    name: "a thief reads the task once it has taken it",
    body: `{
    const words = this.#words;
    const atomics = this.#atomics;
    const top = atomics.load(words, this.#at + TOP);
    const bottom = atomics.load(words, this.#at + BOTTOM);
    if (((bottom - top) | 0) <= 0) return NONE;
    const next = (top + 1) | 0;
    const seen = atomics.compareExchange(words, this.#at + TOP, top, next);
    return seen === top ? atomics.load(words, this.#place(top)) : NONE;
  }`,
  },
  {
    module: `${POOL}/injector.ts`,
    member: "push",
    name: "a place is given away before it is filled",
    body: `{
    const words = this.#words;
    const atomics = this.#atomics;
    const tailAt = this.#at + TAIL;
    for (;;) {
      const tail = atomics.load(words, tailAt);
      const past = this.#turnPast(tail);
      if (past < 0) return false;
      if (past > 0) continue;
      const next = (tail + 1) | 0;
      if (atomics.compareExchange(words, tailAt, tail, next) !== tail) continue;
      this.#setTurn(tail, next);
      atomics.store(words, this.#cell(tail) + 1, task);
      return true;
    }
  }`,
  },
  {
    module: `${POOL}/inbox.ts`,
    member: "push",
    name: "a record is in the list before it leads to the next",
    body: `{
    const words = this.#words;
    const head = this.#atomics.exchange(words, this.#head, record + 1);
    this.#atomics.store(words, this.#link(record), head);
  }`,
  },
  {
    module: `${POOL}/slots.ts`,
    member: "#takeReturned",
    name: "one record is taken off the list by a compare-and-swap (ABA)",
    body: `{
    const at = this.#at + RETURNED;
    for (;;) {
      const head = this.#atomics.load(this.#words, at);
      if (head === 0) return;
      const next = this.#atomics.load(this.#words, this.#link(head - 1));
      if (this.#atomics.compareExchange(this.#words, at, head, next) === head) {
        this.#free.push(head - 1);
        return;
      }
    }
  }`,
  },
  {
    module: `${POOL}/heap.ts`,
    member: "#takeShared",
    name: "one block is taken off the list by a compare-and-swap (ABA)",
    body: `{
    const at = this.#at + HEADS + size;
    for (;;) {
      const head = this.#atomics.load(this.#words, at);
      if (head === 0) return undefined;
      const next = this.#atomics.load(this.#words, this.offset(head) >> 2);
      if (this.#atomics.compareExchange(this.#words, at, head, next) === head) {
        return head;
      }
    }
  }`,
  },
  {
    module: `${POOL}/sleepers.ts`,
    member: "claimOne",
    name: "a worker's flag is taken before it is counted as a searcher",
    body: `{
    const words = this.#words;
    const atomics = this.#atomics;
    const counts = atomics.load(words, this.#at + COUNTS);
    if ((counts & SEARCHERS) !== 0 || counts < ONE_IDLE) return NONE;
    for (let worker = 0; worker < this.#workers; worker++) {
      if (!this.#takeFlag(worker)) continue;
      atomics.add(words, this.#at + COUNTS, ONE_SEARCHER);
      return worker;
    }
    return NONE;
  }`,
  },
  {
    module: `${POOL}/sleepers.ts`,
    member: "getUp",
    name: "a worker takes its flag before it is no longer counted as idle",
    body: `{
    const counts = this.#at + COUNTS;
    const mine = this.#takeFlag(worker);
    const change = sawWork ? ONE_SEARCHER - ONE_IDLE : -ONE_IDLE;
    this.#atomics.add(this.#words, counts, change);
    if (mine) return sawWork;
    if (sawWork) this.#atomics.sub(this.#words, counts, ONE_SEARCHER);
    return true;
  }`,
  },
  {
    module: `${POOL}/life.ts`,
    member: "retire",
    name: "a worker looks for work before it says that it retires",
    body: `{
    const retiring = RETIRING | (worker << RETIRER_SHIFT);
    if (!isIdle() || !this.#move(AWAKE, retiring)) return false;
    return this.#move(retiring, ASLEEP);
  }`,
  },
  {
    module: "src/reactor/parking.ts",
    member: "notify",
    name: "a notifier counts itself in once it has to signal",
    body: `{
    const atomics = this.#atomics;
    const words = this.#words;
    for (;;) {
      const state = atomics.load(words, STATE);
      if (state === CLOSED) return false;
      const seen = atomics.compareExchange(words, STATE, state, NOTIFIED);
      if (seen !== state) continue;
      atomics.add(words, NOTIFIERS, 1);
      if (state === PARKED) signal();
      atomics.sub(words, NOTIFIERS, 1);
      return true;
    }
  }`,
  },
];
