/** Mutants that no model can find, as they do nothing wrong. */
export interface Equivalent {
  readonly module: string;
  /** Keys of mutants, as `--list` prints them. */
  readonly mutants: readonly string[];
  /** Why the program is as right with them. */
  readonly reason: string;
}

const POOL = "src/executor/pool";

export const EQUIVALENT: readonly Equivalent[] = [
  {
    module: `${POOL}/heap.ts`,
    mutants: [
      "#takeShared: check always false: this.#atomics.load(this.#words, at) === 0 -> false",
      "#takeShared: check always true: rest !== 0 -> true",
      "#takeShared: check always false: rest !== 0 && kept.length < limit -> false",
      "free: check always false: kept.length < this.#keptOf(size) -> false",
      "find: sum changed: size + 1 -> (size)",
    ],
    reason:
      "Only faster: an exchange of an empty list finds nothing, to put nothing back does nothing, blocks may as well be shared as kept, and a second look for the size itself finds none.",
  },
  {
    module: `${POOL}/hosted_workers.ts`,
    mutants: [
      "set: part of a check dropped: this.#atomics.load(this.#words, at) === to || this.#atomics.compareExchange(this.#words, at, 1 - to, to) === to -> (this.#atomics.compareExchange(this.#words, at, 1 - to, to) === to)",
      "set: check always true: isAsleep -> true (2)",
      "claimOne: check always false: this.#atomics.load(this.#words, this.#count) <= 0 -> false",
      "claimOne: bound moved: this.#atomics.load(this.#words, this.#count) <= 0 -> (this.#atomics.load(this.#words, this.#count) < 0)",
    ],
    reason:
      "Only faster: the count spares a look at the flags, and the load a swap that would fail.",
  },
  {
    module: `${POOL}/hosted_workers.ts`,
    mutants: [
      "claimWorker: part of a check dropped: worker !== NONE || sleepers.searching > 0 -> (worker !== NONE)",
    ],
    reason:
      "One is called although another searches: it finds nothing, and sleeps on.",
  },
  {
    module: `${POOL}/hosted_workers.ts`,
    mutants: [
      "claimWorker: part of a check dropped: worker !== NONE || sleepers.searching > 0 -> (sleepers.searching > 0)",
    ],
    reason:
      "A worker that was claimed counts as searching until it is up, and then need not be unparked.",
  },
  {
    module: `${POOL}/idling.ts`,
    mutants: [
      "startSearch: check always false: this.#isSearching ||= this.#sleepers.startSearch() -> false",
      "stopSearch: check always true: this.#sleepers.endSearch() -> true",
    ],
    reason:
      "Only slower: what it does not look for it finds in its last look, and one that is woken for nothing goes to sleep again.",
  },
  {
    module: `${POOL}/idling.ts`,
    mutants: [
      "goIdle: statement deleted: this.#isSearching = false;",
      "goIdle: value changed: false -> true",
    ],
    reason: "Written before it is read again: getUp says whether it searches.",
  },
  {
    module: `${POOL}/inbox.ts`,
    mutants: ["#takeAll: check always false: this.isEmpty -> false"],
    reason: "Only faster: an exchange of an empty list finds nothing.",
  },
  {
    module: `${POOL}/injector.ts`,
    mutants: [
      "length: order of two steps swapped: const head = this.#atomics.load(this.#words, this.#at + HEAD); <-> const tail = this.#atomics.load(this.#words, this.#at + TAIL);",
    ],
    reason:
      "Both indices only grow, so what was added before is counted in either order unless somebody took it.",
  },
  {
    module: `${POOL}/injector.ts`,
    mutants: [
      "#setTurn: wrap-around dropped: (turn - (index & this.#mask)) | 0 -> ((turn - (index & this.#mask)))",
      "push: wrap-around dropped: (tail + 1) | 0 -> ((tail + 1))",
      "pop: wrap-around dropped: (head + 1) | 0 -> ((head + 1))",
      "pop: wrap-around dropped: (this.#turnPast(head) - 1) | 0 -> ((this.#turnPast(head) - 1))",
      "popMany: wrap-around dropped: (head + count) | 0 -> ((head + count))",
      "#empty: wrap-around dropped: (index + this.#mask + 1) | 0 -> ((index + this.#mask + 1))",
    ],
    reason:
      "What is stored is cut to 32 bits anyhow; the engine does better with numbers that have them.",
  },
  {
    module: `${POOL}/injector.ts`,
    mutants: [
      "push: check always false: past > 0 -> false",
      "pop: check always false: past > 0 -> false",
    ],
    reason:
      "Only faster: where the index has moved on the compare-and-swap fails, and where it has not the queue was empty a moment ago.",
  },
  {
    module: `${POOL}/life.ts`,
    mutants: ["keepAwake: mask dropped: word & PHASE -> (word)"],
    reason: "No number stands above AWAKE.",
  },
  {
    module: `${POOL}/life.ts`,
    mutants: [
      "wakeUp: check always true: this.#move(ASLEEP, AWAKE) -> true",
      "wakeUp: compare-and-swap in two steps: this.#move(ASLEEP, AWAKE) -> load, store",
      "wakeUp: compare-and-swap that always succeeds: this.#move(ASLEEP, AWAKE) -> store",
    ],
    reason:
      "Only the thread that made the pool ends its sleep, by this or by closing it, and it has looked before.",
  },
  {
    module: `${POOL}/life.ts`,
    mutants: [
      "retire: check always false: !this.#move(AWAKE, retiring) -> false",
    ],
    reason:
      "Only faster: the second move fails as well, as nobody else writes this worker's number.",
  },
  {
    module: `${POOL}/shared_state.ts`,
    mutants: [
      "bear: store made plain: this.#atomics.store( this.#words, this.#index(record), NOTIFIED | JOIN_INTEREST, ) -> (this.#words[this.#index(record)] = NOTIFIED | JOIN_INTEREST)",
    ],
    reason:
      "Nobody else knows the record before the step that puts it into a queue.",
  },
  {
    module: `${POOL}/shared_state.ts`,
    mutants: [
      "take: check always true: isNew -> true",
      "complete: mask dropped: word & ~(RUNNING | JOIN_WAKER) -> (word)",
      "complete: bits dropped: RUNNING | JOIN_WAKER -> (JOIN_WAKER)",
      "complete: bits dropped: RUNNING | JOIN_WAKER -> (RUNNING)",
      "giveUp: mask dropped: word & ~(RUNNING | JOIN_WAKER) -> (word)",
      "giveUp: bits dropped: RUNNING | JOIN_WAKER -> (RUNNING)",
      "giveUp: bits dropped: RUNNING | JOIN_WAKER -> (JOIN_WAKER)",
      "giveUp: bits dropped: (word & ~(RUNNING | JOIN_WAKER)) | COMPLETE | NOTIFIED | ending -> (COMPLETE | NOTIFIED | ending)",
      "abort: bits dropped: word | COMPLETE | ABORTED -> (word | COMPLETE)",
    ],
    reason:
      "Nobody looks at these bits of a task that is COMPLETE, nor at the ending of a task that its spawner has settled itself.",
  },
  {
    module: `${POOL}/shared_state.ts`,
    mutants: [
      "isComplete: check always false: (this.#load(record) & COMPLETE) !== 0 -> false",
      "complete: mask dropped: word & JOIN_WAKER -> (word)",
      "await: check always false: (word & JOIN_WAKER) !== 0 -> false",
      "await: check always false: this.#swap(index, word, word | JOIN_WAKER) -> false",
    ],
    reason:
      "Only slower: a thread that is awake is not signalled, a bit that is set may be set again, and complete finds out as well that a task was given up.",
  },
  {
    module: `${POOL}/sleep_place.ts`,
    mutants: [
      "stayParked: check always true: !this.#parking.park() -> true",
    ],
    reason: "One that was just parked at has no notification to take.",
  },
  {
    module: `${POOL}/sleepers.ts`,
    mutants: [
      "idle: shift dropped: this.#atomics.load(this.#words, this.#at + COUNTS) >> 16 -> (this.#atomics.load(this.#words, this.#at + COUNTS))",
      "idle: load made plain: this.#atomics.load(this.#words, this.#at + COUNTS) -> this.#words[this.#at + COUNTS]",
    ],
    reason: "Only tests ask for it, while all are asleep.",
  },
  {
    module: `${POOL}/sleepers.ts`,
    mutants: [
      "claimOne: bound moved: i < this.#workers -> (i <= this.#workers)",
      "claimOne: statement deleted: words[this.#at + CURSOR] = (worker + 1) % this.#workers;",
      "claimOne: remainder dropped: (worker + 1) % this.#workers -> ((worker + 1))",
      "claimOne: sum changed: worker + 1 -> (worker)",
    ],
    reason:
      "Where the search for a flag begins is only fair to all, and one more look at a flag does no harm.",
  },
  {
    module: `${POOL}/sleepers.ts`,
    mutants: [
      "searching: mask dropped: this.#atomics.load(this.#words, this.#at + COUNTS) & SEARCHERS -> (this.#atomics.load(this.#words, this.#at + COUNTS))",
      "startSearch: check always false: 2 * searching >= this.#workers -> false",
      "startSearch: bound moved: 2 * searching >= this.#workers -> (2 * searching > this.#workers)",
      "endSearch: check always true: (before & SEARCHERS) === 1 -> true",
      "claimOne: part of a check dropped: (counts & SEARCHERS) !== 0 || counts < ONE_IDLE -> (counts < ONE_IDLE)",
    ],
    reason:
      "Only slower: how many search is a matter of cost, and one that is woken for nothing goes to sleep again.",
  },
  {
    module: `${POOL}/sleepers.ts`,
    mutants: [
      "claimOne: check always false: !this.endSearch() -> false",
      "#takeFlag: part of a check dropped: this.#atomics.load(this.#words, flag) === 1 && this.#atomics.compareExchange(this.#words, flag, 1, 0) === 1 -> (this.#atomics.compareExchange(this.#words, flag, 1, 0) === 1)",
    ],
    reason:
      "Only faster: the swap would fail, and the next round finds that another searches.",
  },
  {
    module: `${POOL}/slots.ts`,
    mutants: [
      "allocate: one way of two dropped: this.#free.pop() ?? this.#fetch() -> (this.#fetch())",
      "#fetch: order of two steps swapped: this.#takeReturned(); <-> if (this.#free.length === 0) this.#takeUnused();",
      "#fetch: check always true: this.#free.length === 0 -> true",
      "#takeReturned: check always false: atomics.load(this.#words, at) === 0 -> false",
      "#takeReturned: check always false: rest === 0 -> false",
      "#takeUnused: bound moved: this.#atomics.load(this.#words, at) >= this.#count -> (this.#atomics.load(this.#words, at) > this.#count)",
      "release: check always false: this.#free.length < this.#kept -> false",
    ],
    reason:
      "Only slower, or in another order: which free record is taken, and whether it was kept, is of no matter.",
  },
  {
    module: `${POOL}/task_deque.ts`,
    mutants: [
      "length: order of two steps swapped: const top = this.#atomics.load(this.#words, this.#at + TOP); <-> const bottom = this.#atomics.load(this.#words, this.#at + BOTTOM);",
      "push: order of two steps swapped: const bottom = words[this.#at + BOTTOM]!; <-> const top = atomics.load(words, this.#at + TOP);",
      "peek: order of two steps swapped: const bottom = words[this.#at + BOTTOM]!; <-> const top = this.#atomics.load(words, this.#at + TOP);",
    ],
    reason:
      "The owner alone writes BOTTOM; and a length is out of date in either order, but counts what was pushed before.",
  },
  {
    module: `${POOL}/task_deque.ts`,
    mutants: [
      "pop: order of two steps swapped: if (left === 0) { const place = words[this.#place(bottom)]!; const seen = atomics.compareExchange( words, this.#at + TOP, top, (top + 1) | 0, ); if (seen === top) task = place; } <-> atomics.store(words, this.#at + BOTTOM, before);",
      "pop: order of two steps swapped: const place = words[this.#place(bottom)]!; <-> const seen = atomics.compareExchange( words, this.#at + TOP, top, (top + 1) | 0, );",
    ],
    reason:
      "TOP alone decides who has the last task, and only the owner overwrites its place.",
  },
  {
    module: `${POOL}/task_deque.ts`,
    mutants: [
      "pop: check always false: ((before - atomics.load(words, this.#at + TOP)) | 0) <= 0 -> false",
      "pop: bound moved: ((before - atomics.load(words, this.#at + TOP)) | 0) <= 0 -> (((before - atomics.load(words, this.#at + TOP)) | 0) < 0)",
    ],
    reason: "Only faster: what follows finds the deque empty as well.",
  },
  {
    module: `${POOL}/task_deque.ts`,
    mutants: [
      "push: wrap-around dropped: (bottom + 1) | 0 -> ((bottom + 1))",
      "pop: wrap-around dropped: (before - 1) | 0 -> ((before - 1))",
      "pop: wrap-around dropped: (top + 1) | 0 -> ((top + 1))",
      "steal: wrap-around dropped: (top + 1) | 0 -> ((top + 1))",
    ],
    reason: "What is stored is cut to 32 bits anyhow.",
  },
  {
    module: "src/reactor/parking.ts",
    mutants: [
      "repark: part of a check dropped: this.#atomics.load(this.#words, STATE) === NOTIFIED && this.#atomics.exchange(this.#words, STATE, PARKED) === NOTIFIED -> (this.#atomics.exchange(this.#words, STATE, PARKED) === NOTIFIED)",
      "repark: exchange in two steps: this.#atomics.exchange(this.#words, STATE, PARKED) -> load, store",
      "notifyIfParked: check always true: this.#atomics.load(this.#words, STATE) === PARKED -> true",
    ],
    reason:
      "Only slower: one that is parked stays so, and one that is awake is notified without a signal. Once it is NOTIFIED nobody else changes that.",
  },
];
