import { assertMatch, assertThrows } from "@std/assert";
import {
  ABORTED,
  COMPLETE,
  JOIN_WAKER,
  RUNNING,
  SharedStates,
} from "../../src/executor/pool/shared_state.ts";
import { CASES } from "./cases/shared_state.ts";
import { explore } from "./explore.ts";
import type { Steps } from "./model.ts";
import { ScheduleError } from "./schedule.ts";
import { TaskModel, type TaskOptions } from "./shared_state_model.ts";
import { testCases } from "./test_cases.ts";
import { tornAtomics } from "./weakened.ts";

testCases(CASES);

class Weakened extends SharedStates {
  readonly #steps: Steps;
  readonly #at: number;

  constructor(steps: Steps, at: number) {
    super(steps.words, at, 1, steps.atomics);
    this.#steps = steps;
    this.#at = at;
  }

  protected load(): number {
    return this.#steps.atomics.load(this.#steps.words, this.#at);
  }

  protected store(word: number): void {
    this.#steps.atomics.store(this.#steps.words, this.#at, word);
  }

  protected swap(word: number, next: number): boolean {
    const { atomics, words } = this.#steps;
    return atomics.compareExchange(words, this.#at, word, next) === word;
  }
}

const MUTANTS: Record<string, TaskOptions["states"]> = {
  "frees a record that is in a queue": (steps, at) =>
    new class extends Weakened {
      override consume(record: number): boolean {
        super.consume(record);
        return true;
      }
    }(steps, at),
  "aborts a running task as if it had not started": (steps, at) =>
    new class extends Weakened {
      override abort(): "settle" | "none" {
        const word = this.load();
        if ((word & COMPLETE) !== 0) return "none";
        const next = word | COMPLETE | ABORTED;
        return this.swap(word, next) ? "settle" : this.abort();
      }
    }(steps, at),
  "announces a sleeper by a look and a store": (steps, at) =>
    new class extends Weakened {
      override await(): boolean {
        const word = this.load();
        if ((word & COMPLETE) !== 0) return false;
        this.store(word | JOIN_WAKER);
        return true;
      }
    }(steps, at),
  "looks for a sleeper before it completes": (steps, at) =>
    new class extends Weakened {
      override complete(record: number, ending: 0): boolean {
        const mustWake = (this.load() & JOIN_WAKER) !== 0;
        super.complete(record, ending);
        return mustWake;
      }
    }(steps, at),
  "leaves it marked as being in a queue": (steps, at) =>
    new class extends Weakened {
      override take(): "start" | "drop" {
        const word = this.load();
        if ((word & (RUNNING | COMPLETE)) !== 0) return "drop";
        return this.swap(word, word | RUNNING) ? "start" : this.take();
      }
    }(steps, at),
  "changes the word by a load and a store": (steps, at) =>
    new SharedStates(steps.words, at, 1, tornAtomics(steps)),
};

for (const [name, states] of Object.entries(MUTANTS)) {
  Deno.test(`the model of a task finds out one that ${name}`, () => {
    const options = { workers: 2, sleeps: true, aborts: 1, states: states! };
    const error = assertThrows(
      () => explore(new TaskModel(options)),
      ScheduleError,
    );
    assertMatch(
      error.message,
      /^(After a step|At the end|Deadlock|Data race|"spawner" failed)/,
    );
  });
}

const SUCCESSOR_MUTANTS: Record<string, TaskOptions["states"]> = {
  "frees what is still in a worker's mail": (steps, at) =>
    new class extends Weakened {
      override consume(record: number): boolean {
        super.consume(record);
        return true;
      }
    }(steps, at),
  "takes an empty shell for an outcome": (steps, at) =>
    new class extends Weakened {
      override isConsumed(): boolean {
        return false;
      }
    }(steps, at),
  "frees what it was not done with": (steps, at) =>
    new class extends Weakened {
      override isConsumed(): boolean {
        return true;
      }
    }(steps, at),
};

for (const [name, states] of Object.entries(SUCCESSOR_MUTANTS)) {
  Deno.test(`the model of a task finds out a thread that takes over a seat and ${name}`, () => {
    const options: TaskOptions = {
      workers: 1,
      sleeps: false,
      aborts: 1,
      leaves: true,
      states: states!,
    };
    const error = assertThrows(
      () => explore(new TaskModel(options)),
      ScheduleError,
    );
    assertMatch(
      error.message,
      /^(After a step|At the end|Deadlock|"spawner" failed)/,
    );
  });
}
