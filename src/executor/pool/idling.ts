import type { Sleepers } from "./sleepers.ts";

/** Where one worker stands in the protocol of `sleepers.ts`. */
export class Idling {
  readonly #sleepers: Sleepers;
  readonly #index: number;
  readonly #wakeAnother: () => void;
  #isSearching = false;
  #isIdle = false;
  /** Whether the last look before sleeping found something for anybody. */
  #sawWork = false;

  /** `index` is the worker's number among those of its kind, from 0 on. */
  constructor(sleepers: Sleepers, index: number, wakeAnother: () => void) {
    this.#sleepers = sleepers;
    this.#index = index;
    this.#wakeAnother = wakeAnother;
  }

  /** Whether others rely on it to look for work. */
  get isSearching(): boolean {
    return this.#isSearching;
  }

  /** Begins to look for work at others, if there are not enough who do. */
  startSearch(): boolean {
    return this.#isSearching ||= this.#sleepers.startSearch();
  }

  /** It has something to do, so somebody else has to search. */
  stopSearch(): void {
    if (!this.#isSearching) return;
    this.#isSearching = false;
    if (this.#sleepers.endSearch()) this.#wakeAnother();
  }

  /** From here on it may be claimed, and has to look once more. */
  goIdle(): void {
    this.#sleepers.goIdle(this.#index, this.#isSearching);
    this.#isSearching = false;
    this.#isIdle = true;
  }

  /** What that look has found. */
  noteLook(sawWork: boolean): void {
    this.#sawWork = sawWork;
  }

  /** It is up again, if it was idle, and searches if somebody has claimed it. */
  getUp(): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#isSearching = this.#sleepers.getUp(this.#index, this.#sawWork);
  }
}
